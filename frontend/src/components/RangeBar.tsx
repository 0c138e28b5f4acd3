// Where the last price stands between a low and a high, with a notch for the open. The two ends are told on hover and heard.

import { memo } from 'react';
import type { PriceText } from '../domain/nominal.ts';
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

interface RangeBarProps {
  readonly last: number | null;
  readonly open?: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly lowText: PriceText | null;
  readonly highText: PriceText | null;
  /** Draws the two ends beside the bar. */
  readonly withEnds?: boolean;
}

export const RangeBar = memo(function RangeBar({
  last,
  open = null,
  low,
  high,
  lowText,
  highText,
  withEnds = false,
}: RangeBarProps) {
  if (lowText === null && highText === null) return <span className={styles['none']}>{NOTHING}</span>;
  const at = positionInRange(last, low, high);
  const opened = positionInRange(open, low, high);
  const end = withEnds ? styles['end'] : 'only-heard';
  const title = `${lowText ?? NOTHING} to ${highText ?? NOTHING}`;
  return (
    <span className={styles['range']} data-ends={withEnds} title={title}>
      <span className={end}>
        <span className="only-heard">low </span>
        {lowText ?? NOTHING}
      </span>
      <span aria-hidden="true" className={styles['track']}>
        {at !== null && <span className={styles['part']} style={{ inlineSize: percent(at) }} />}
        {opened !== null && <span className={styles['open']} style={{ insetInlineStart: percent(opened) }} />}
        {at !== null && <span className={styles['last']} style={{ insetInlineStart: percent(at) }} />}
      </span>
      <span className={end}>
        <span className="only-heard"> high </span>
        {highText ?? NOTHING}
      </span>
    </span>
  );
});
