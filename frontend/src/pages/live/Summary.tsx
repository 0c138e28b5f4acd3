// How many of the instruments have a quote, and how many of those are up or down on the day.

import { Arrow, directionOf } from '../../components/Direction.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { useDashboard, useReadable } from '../../state/react.ts';
import styles from './Summary.module.css';

export function Summary({ instruments }: { readonly instruments: readonly Instrument[] }) {
  const { quotes, malformed } = useDashboard();
  const all = useReadable(quotes.all);
  const refused = useReadable(malformed);
  const quoted = instruments.flatMap(({ symbol }) => all.get(symbol) ?? []);
  const count = (direction: 'up' | 'down') =>
    quoted.filter((quote) => directionOf(quote.change) === direction).length;
  return (
    <p className={styles['summary']}>
      <span>
        {quoted.length} of {instruments.length} quoted
      </span>
      <span className={styles['up']}>
        <Arrow direction="up" /> {count('up')} up
      </span>
      <span className={styles['down']}>
        <Arrow direction="down" /> {count('down')} down
      </span>
      {refused > 0 && <span>{refused} unreadable events skipped</span>}
    </p>
  );
}
