// Where the last price stands between the day's low and high, with a notch for the open.

import type { Quote } from '../domain/quote.ts';
import { NOTHING } from './Price.tsx';
import styles from './RangeBar.module.css';

/** Position of `value` between `low` and `high`, 0 to 1; null when any of them is missing or there is no range. */
export function positionInRange(
  value: number | null,
  low: number | null,
  high: number | null,
): number | null {
  if (value === null || low === null || high === null || high <= low) return null;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

function percent(position: number): string {
  return `${(position * 100).toFixed(1)}%`;
}

type RangeBarProps = Pick<Quote, 'last' | 'open' | 'high' | 'low' | 'display'>;

export function RangeBar({ last, open, high, low, display }: RangeBarProps) {
  if (display.low === null && display.high === null) return <span className={styles['none']}>{NOTHING}</span>;
  const at = positionInRange(last, low, high);
  const opened = positionInRange(open, low, high);
  return (
    <span className={styles['range']} title={display.open === null ? undefined : `Open ${display.open}`}>
      <span className={styles['end']}>
        <span className="only-heard">low </span>
        {display.low ?? NOTHING}
      </span>
      <span aria-hidden="true" className={styles['track']}>
        {opened !== null && <span className={styles['open']} style={{ insetInlineStart: percent(opened) }} />}
        {at !== null && <span className={styles['last']} style={{ insetInlineStart: percent(at) }} />}
      </span>
      <span className={styles['end']}>
        <span className="only-heard">high </span>
        {display.high ?? NOTHING}
      </span>
    </span>
  );
}
