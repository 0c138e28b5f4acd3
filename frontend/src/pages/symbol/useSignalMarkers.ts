// The recorded signals of a symbol as marks on the bars in which they changed.

import { useMemo } from 'react';
import type { ChartMarker } from '../../components/chart/chart.ts';
import type { Bar } from '../../domain/indicators.ts';
import type { InstrumentSymbol } from '../../domain/nominal.ts';
import { toServerTime } from '../../domain/nominal.ts';
import type { Signal } from '../../domain/quote.ts';
import type { Answer } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import type { Interval } from './bars.ts';

const MOST = 200;
const REFRESH_MS = 15_000;

type Recorded = Answer<'/api/signals/history'>['items'];

/** HOLD has none: marks for nothing hide the others. */
const LOOK: Readonly<Record<Signal, Pick<ChartMarker, 'direction' | 'text'> | null>> = {
  STRONG_BUY: { direction: 'up', text: 'SB' },
  BUY: { direction: 'up', text: 'B' },
  HOLD: null,
  SELL: { direction: 'down', text: 'S' },
  STRONG_SELL: { direction: 'down', text: 'SS' },
};

/** One mark a bar: the last signal of its span. Signals before the first bar have none. */
export function markersOf(recorded: Recorded, bars: readonly Bar[]): readonly ChartMarker[] {
  const byBar = new Map<number, ChartMarker>();
  const oldestFirst = recorded.toReversed();
  let place = 0;
  for (const { at, signal } of oldestFirst) {
    const instant = toServerTime(at);
    if (instant === null) continue;
    const seconds = instant / 1_000;
    while ((bars[place + 1]?.time ?? Number.POSITIVE_INFINITY) <= seconds) place += 1;
    const bar = bars[place];
    if (bar === undefined || bar.time > seconds) continue;
    const look = LOOK[signal];
    if (look === null) byBar.delete(bar.time);
    else byBar.set(bar.time, { time: bar.time, ...look });
  }
  return [...byBar.values()];
}

export function useSignalMarkers(
  symbol: InstrumentSymbol,
  bars: readonly Bar[],
  interval: Interval,
): readonly ChartMarker[] {
  const { data } = useApi('/api/signals/history', {
    query: { symbol, limit: MOST },
    refreshMs: REFRESH_MS,
    // A day holds too many of them to be told apart.
    when: interval !== '1d',
  });
  return useMemo(
    () => (data === undefined || interval === '1d' ? [] : markersOf(data.items, bars)),
    [data, bars, interval],
  );
}
