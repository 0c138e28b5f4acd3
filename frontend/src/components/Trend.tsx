// The last hour of a symbol as one small line: its one-minute closes and the price of now. For the eye only;
// the numbers beside it say the same.

import { memo, useEffect } from 'react';
import type { InstrumentSymbol } from '../domain/nominal.ts';
import { useApi } from '../state/api.ts';
import { useAtTick, useDashboard } from '../state/react.ts';
import styles from './Trend.module.css';

const WIDTH = 88;
const HEIGHT = 24;
const MINUTES = 60;
const EDGE = 2;

/** The line's points in the box; empty with fewer than two values. */
export function trendPoints(closes: readonly number[]): string {
  if (closes.length < 2) return '';
  const low = Math.min(...closes);
  const span = Math.max(...closes) - low || 1;
  return closes
    .map((close, place) => {
      const x = EDGE + (place / (closes.length - 1)) * (WIDTH - 2 * EDGE);
      const y = HEIGHT - EDGE - ((close - low) / span) * (HEIGHT - 2 * EDGE);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}

interface TrendProps {
  readonly symbol: InstrumentSymbol;
  /** Whether the bars of the made-up market are meant. */
  readonly mock: boolean;
}

export const Trend = memo(function Trend({ symbol, mock }: TrendProps) {
  const { minutes, origin } = useDashboard();
  const { data } = useApi('/api/bars', {
    query: { symbol, interval: '1m', limit: MINUTES, mock },
    // A stored day knows nothing of the bars after it.
    when: origin === 'live' && !minutes.isSeeded(symbol),
  });
  useEffect(() => {
    if (data !== undefined) minutes.seed(symbol, data.bars);
  }, [data, minutes, symbol]);
  // Once a second is often enough for an hour.
  const points = useAtTick(() => trendPoints(minutes.closes(symbol)));
  const rises = useAtTick(() => {
    const closes = minutes.closes(symbol);
    return (closes.at(-1) ?? 0) - (closes[0] ?? 0);
  });
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className={styles['trend']}
      data-direction={rises > 0 ? 'up' : rises < 0 ? 'down' : 'flat'}
    >
      <polyline points={points} />
    </svg>
  );
});
