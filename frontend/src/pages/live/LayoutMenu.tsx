// The layouts that the reader has named: taken up again, kept under a name, removed.

import { useState } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Popover } from '../../components/Popover.tsx';
import styles from './Chooser.module.css';
import type { LiveLayouts } from './liveLayout.ts';
import { FIRST_LAYOUT } from './liveLayout.ts';

interface LayoutMenuProps {
  readonly layouts: LiveLayouts;
  onChange(layouts: LiveLayouts): void;
}

export function LayoutMenu({ layouts, onChange }: LayoutMenuProps) {
  return (
    <Popover
      label="Layouts"
      worded
      button={
        <>
          <Icon name="star" size={16} /> Layouts
        </>
      }
    >
      {(close) => <Menu layouts={layouts} onChange={onChange} close={close} />}
    </Popover>
  );
}

function Menu({ layouts, onChange, close }: LayoutMenuProps & { close(): void }) {
  const [name, setName] = useState('');
  const { current, saved } = layouts;
  const wanted = name.trim();
  const without = (other: string) => saved.filter((layout) => layout.name !== other);
  return (
    <form
      className={styles['chooser']}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted === '') return;
        onChange({ current, saved: [...without(wanted), { name: wanted, layout: current }] });
        setName('');
      }}
    >
      {saved.length > 0 && (
        <ul className={styles['list']} aria-label="Named layouts">
          {saved.map(({ name: known, layout }) => (
            <li key={known} className={styles['item']}>
              <button
                type="button"
                className={styles['name']}
                onClick={() => {
                  onChange({ current: layout, saved });
                  close();
                }}
              >
                {known}
              </button>
              <IconButton
                icon="trash"
                label={`Remove the layout ${known}`}
                onClick={() => onChange({ current, saved: without(known) })}
              />
            </li>
          ))}
        </ul>
      )}
      <div className={styles['row']}>
        <Field
          label="Keep what you see as"
          value={name}
          maxLength={40}
          onChange={({ target }) => setName(target.value)}
        />
        <Button look="main" submits disabled={wanted === ''}>
          Keep
        </Button>
      </div>
      <Button onClick={() => onChange({ current: FIRST_LAYOUT, saved })}>As at first</Button>
      <p className={styles['hint']}>View, columns, order and list are kept, in this browser.</p>
    </form>
  );
}
