// How many of the instruments have a quote, and how many of those are up or down on the day.

import { Arrow, directionOf } from '../../components/Direction.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { useAtTick, useDashboard, useReadable, useSelected } from '../../state/react.ts';
import styles from './Summary.module.css';

export function Summary({ instruments }: { readonly instruments: readonly Instrument[] }) {
  const { quotes, malformed } = useDashboard();
  const refused = useReadable(malformed);
  // A row that has its first quote is counted in the same frame.
  const quoted = useSelected(quotes.all, (all) => instruments.filter(({ symbol }) => all.has(symbol)).length);
  // Up and down once a second: a count that changes with every quote tells nobody anything.
  const moved = useAtTick(() => {
    const count = (direction: 'up' | 'down') =>
      instruments.filter(({ symbol }) => directionOf(quotes.get(symbol)?.change ?? null) === direction)
        .length;
    return `${count('up')} ${count('down')}`;
  });
  const [up, down] = moved.split(' ');
  return (
    <p className={styles['summary']}>
      <span>
        {quoted} of {instruments.length} quoted
      </span>
      <span className={styles['up']}>
        <Arrow direction="up" /> {up} up
      </span>
      <span className={styles['down']}>
        <Arrow direction="down" /> {down} down
      </span>
      {refused > 0 && <span>{refused} unreadable events skipped</span>}
    </p>
  );
}
