// Making and changing a watchlist: its symbols by ticking them, their order by dragging or by the buttons.

import { useState } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Popover } from '../../components/Popover.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import type { Watchlist, Watchlists } from '../../state/watchlists.ts';
import styles from './Chooser.module.css';
import { moved } from './moved.ts';

interface WatchlistMenuProps {
  readonly watchlists: Watchlists;
  readonly instruments: readonly Instrument[];
  /** The list that is shown now; null when that is no watchlist. */
  readonly shown: Watchlist | null;
  onShow(name: string): void;
}

export function WatchlistMenu(props: WatchlistMenuProps) {
  const { shown } = props;
  return (
    <Popover
      label={shown === null ? 'New watchlist' : `Change the watchlist ${shown.name}`}
      button={<Icon name={shown === null ? 'plus' : 'settings'} size={16} />}
    >
      {(close) =>
        shown === null ? (
          <NewList {...props} close={close} />
        ) : (
          <ChangeList {...props} shown={shown} close={close} />
        )
      }
    </Popover>
  );
}

function NewList({ watchlists, onShow, close }: WatchlistMenuProps & { close(): void }) {
  const [name, setName] = useState('');
  const wanted = name.trim();
  const taken = watchlists.lists.some((list) => list.name === wanted);
  return (
    <form
      className={styles['chooser']}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted === '' || taken) return;
        watchlists.save({ name: wanted, symbols: [] });
        onShow(wanted);
        close();
      }}
    >
      <Field
        label="Name of the new watchlist"
        value={name}
        maxLength={60}
        fault={taken ? 'There is a list of that name.' : null}
        onChange={({ target }) => setName(target.value)}
      />
      <Button look="main" submits disabled={wanted === '' || taken}>
        Make it
      </Button>
    </form>
  );
}

function ChangeList({
  watchlists,
  instruments,
  shown,
  onShow,
  close,
}: WatchlistMenuProps & { readonly shown: Watchlist; close(): void }) {
  const [dragged, setDragged] = useState<string | null>(null);
  const { name, symbols } = shown;
  const keep = (changed: readonly string[]) => watchlists.save({ name, symbols: changed });
  const others = instruments.filter(({ symbol }) => !symbols.includes(symbol));
  return (
    <div className={styles['chooser']}>
      <ul className={styles['list']} aria-label={`Symbols of ${name} in their order`}>
        {symbols.map((symbol, at) => (
          <li
            key={symbol}
            className={styles['item']}
            draggable
            data-dragged={dragged === symbol}
            onDragStart={() => setDragged(symbol)}
            onDragEnd={() => setDragged(null)}
            onDragOver={(event) => {
              event.preventDefault();
              if (dragged !== null && dragged !== symbol) keep(moved(symbols, dragged, at));
            }}
          >
            <span className={styles['handle']}>
              <Icon name="handle" size={14} />
            </span>
            <label className={styles['label']}>
              <input
                type="checkbox"
                checked
                onChange={() => keep(symbols.filter((other) => other !== symbol))}
              />
              {symbol}
            </label>
            <IconButton
              icon="up"
              label={`${symbol} earlier`}
              disabled={at === 0}
              onClick={() => keep(moved(symbols, symbol, at - 1))}
            />
            <IconButton
              icon="down"
              label={`${symbol} later`}
              disabled={at === symbols.length - 1}
              onClick={() => keep(moved(symbols, symbol, at + 1))}
            />
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <ul className={styles['list']} aria-label="Symbols that are not in it">
          {others.map(({ symbol, name: title }) => (
            <li key={symbol} className={styles['item']}>
              <label className={styles['label']}>
                <input type="checkbox" checked={false} onChange={() => keep([...symbols, symbol])} />
                {symbol} <span className={styles['hint']}>{title}</span>
              </label>
            </li>
          ))}
        </ul>
      )}
      <Button
        look="danger"
        icon="trash"
        onClick={() => {
          watchlists.remove(name);
          onShow('all');
          close();
        }}
      >
        Remove the list
      </Button>
    </div>
  );
}
