// How many of the instruments have a quote, and how many of those are up or down on the day.

import { Arrow, directionOf } from '../../components/Direction.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { useAtTick, useDashboard, useReadable } from '../../state/react.ts';
import styles from './Summary.module.css';

export function Summary({ instruments }: { readonly instruments: readonly Instrument[] }) {
  const { quotes, malformed } = useDashboard();
  const refused = useReadable(malformed);
  // Once a second: a count that changes with every quote tells nobody anything.
  const counted = useAtTick(() => {
    const quoted = instruments.flatMap(({ symbol }) => quotes.get(symbol) ?? []);
    const count = (direction: 'up' | 'down') =>
      quoted.filter((quote) => directionOf(quote.change) === direction).length;
    return `${quoted.length} ${count('up')} ${count('down')}`;
  });
  const [quoted, up, down] = counted.split(' ');
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
