// Some things out of many, in the reader's own order: ticked, dragged, or moved by the buttons beside them.

import type { ReactNode } from 'react';
import { useState } from 'react';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { moved } from './moved.ts';
import styles from './OrderedChoice.module.css';

interface OrderedChoiceProps<Key extends string> {
  /** What the chosen ones are, and what the others are, for those who hear. */
  readonly chosenLabel: string;
  readonly othersLabel: string;
  readonly chosen: readonly Key[];
  readonly others: readonly Key[];
  /** The short name, for the buttons that move it. */
  nameOf(key: Key): string;
  /** What stands beside the tick. */
  draw(key: Key): ReactNode;
  onChange(chosen: readonly Key[]): void;
}

export function OrderedChoice<Key extends string>(props: OrderedChoiceProps<Key>) {
  const { chosenLabel, othersLabel, chosen, others, nameOf, draw, onChange } = props;
  const [dragged, setDragged] = useState<Key | null>(null);
  const place = (key: Key, to: number) => onChange(moved(chosen, key, to));
  return (
    <>
      <ul className={styles['list']} aria-label={chosenLabel}>
        {chosen.map((key, at) => (
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
                onChange={() => onChange(chosen.filter((other) => other !== key))}
              />
              {draw(key)}
            </label>
            <IconButton
              icon="up"
              label={`${nameOf(key)} earlier`}
              disabled={at === 0}
              onClick={() => place(key, at - 1)}
            />
            <IconButton
              icon="down"
              label={`${nameOf(key)} later`}
              disabled={at === chosen.length - 1}
              onClick={() => place(key, at + 1)}
            />
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <ul className={styles['list']} aria-label={othersLabel}>
          {others.map((key) => (
            <li key={key} className={styles['item']}>
              <label className={styles['label']}>
                <input type="checkbox" checked={false} onChange={() => onChange([...chosen, key])} />
                {draw(key)}
              </label>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
