// Which columns the grid has, and in which order: ticked, dragged, or moved by the buttons beside them.

import { useState } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Popover } from '../../components/Popover.tsx';
import styles from './Chooser.module.css';
import { COLUMNS } from './columns.tsx';
import type { ColumnKey } from './liveLayout.ts';
import { COLUMN_KEYS, FIRST_COLUMNS } from './liveLayout.ts';
import { moved } from './moved.ts';

interface ColumnChooserProps {
  readonly columns: readonly ColumnKey[];
  onChange(columns: readonly ColumnKey[]): void;
}

export function ColumnChooser({ columns, onChange }: ColumnChooserProps) {
  return (
    <Popover
      label="Columns"
      worded
      button={
        <>
          <Icon name="columns" size={16} /> Columns
        </>
      }
    >
      {() => <Chooser columns={columns} onChange={onChange} />}
    </Popover>
  );
}

function Chooser({ columns, onChange }: ColumnChooserProps) {
  const [dragged, setDragged] = useState<ColumnKey | null>(null);
  const hidden = COLUMN_KEYS.filter((key) => !columns.includes(key));
  const place = (key: ColumnKey, to: number) => onChange(moved(columns, key, to));
  return (
    <div className={styles['chooser']}>
      <ul className={styles['list']} aria-label="Columns in their order">
        {columns.map((key, at) => (
          <li
            key={key}
            className={styles['item']}
            draggable
            data-dragged={dragged === key}
            onDragStart={() => setDragged(key)}
            onDragEnd={() => setDragged(null)}
            onDragOver={(event) => {
              event.preventDefault();
              if (dragged !== null && dragged !== key) place(dragged, at);
            }}
          >
            <span className={styles['handle']}>
              <Icon name="handle" size={14} />
            </span>
            <label className={styles['label']}>
              <input
                type="checkbox"
                checked
                onChange={() => onChange(columns.filter((other) => other !== key))}
              />
              {COLUMNS[key].fullTitle ?? COLUMNS[key].title}
            </label>
            <IconButton
              icon="up"
              label={`${COLUMNS[key].title} earlier`}
              disabled={at === 0}
              onClick={() => place(key, at - 1)}
            />
            <IconButton
              icon="down"
              label={`${COLUMNS[key].title} later`}
              disabled={at === columns.length - 1}
              onClick={() => place(key, at + 1)}
            />
          </li>
        ))}
      </ul>
      {hidden.length > 0 && (
        <ul className={styles['list']} aria-label="Columns that are not shown">
          {hidden.map((key) => (
            <li key={key} className={styles['item']}>
              <label className={styles['label']}>
                <input type="checkbox" checked={false} onChange={() => onChange([...columns, key])} />
                {COLUMNS[key].fullTitle ?? COLUMNS[key].title}
              </label>
            </li>
          ))}
        </ul>
      )}
      <Button onClick={() => onChange(FIRST_COLUMNS)}>As at first</Button>
    </div>
  );
}
