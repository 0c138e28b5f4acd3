// Making and changing a watchlist: its symbols by ticking them, their order by dragging or by the buttons.

import { useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { OrderedChoice } from '../../components/OrderedChoice.tsx';
import { Popover } from '../../components/Popover.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import type { Watchlist, Watchlists } from '../../state/watchlists.ts';
import styles from './Chooser.module.css';

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
      {watchlists.home === 'browser' && (
        <p className={styles['hint']}>
          It is kept in this browser; whoever logs in has their lists everywhere.
        </p>
      )}
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
  const { name, symbols } = shown;
  const nameOf = new Map(instruments.map((instrument) => [instrument.symbol as string, instrument.name]));
  return (
    <div className={styles['chooser']}>
      <OrderedChoice
        chosenLabel={`Symbols of ${name} in their order`}
        othersLabel="Symbols that are not in it"
        chosen={symbols}
        others={[...nameOf.keys()].filter((symbol) => !symbols.includes(symbol))}
        nameOf={(symbol) => symbol}
        draw={(symbol) => (
          <>
            {symbol} <span className={styles['hint']}>{nameOf.get(symbol)}</span>
          </>
        )}
        onChange={(changed) => watchlists.save({ name, symbols: changed })}
      />
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
