// The stored bars of a symbol: the newest page, read again from time to time, and older ones on demand.

import type { UseQueryResult } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { joinPages } from '../../components/chart/storedBars.ts';
import type { Bar } from '../../domain/indicators.ts';
import type { InstrumentSymbol } from '../../domain/nominal.ts';
import type { Answer } from '../../services/api/client.ts';
import { getApi } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import { useDashboard } from '../../state/react.ts';
import type { Interval } from './bars.ts';

const PAGE = 800;
/** A chart with more bars than this grows slow; the reader then takes a longer interval. */
const MOST = 5_000;
const REFRESH_MS = 20_000;

type Page = Answer<'/api/bars'>;

export interface Bars {
  readonly answer: UseQueryResult<Page, Error>;
  readonly bars: readonly Bar[];
  /** Reads the page before the oldest bar, once at a time; does nothing when there is none. */
  loadOlder(): void;
}

export function useBars(symbol: InstrumentSymbol, interval: Interval, mock: boolean): Bars {
  const { toasts } = useDashboard();
  const answer = useApi('/api/bars', {
    query: { symbol, interval, mock, limit: PAGE },
    refreshMs: REFRESH_MS,
  });
  const [older, setOlder] = useState<readonly Page[]>([]);
  const [loading, setLoading] = useState(false);
  const newest = answer.data;
  const bars = useMemo(
    () => (newest === undefined ? [] : joinPages([newest, ...older].map((page) => page.bars))),
    [newest, older],
  );
  const before = older.length === 0 ? (newest?.before ?? null) : (older.at(-1)?.before ?? null);
  const full = bars.length >= MOST;

  const loadOlder = useCallback(() => {
    if (loading || before === null || full) return;
    setLoading(true);
    getApi('/api/bars', { query: { symbol, interval, mock, limit: PAGE, end: before } })
      .then(
        (page) => setOlder((known) => [...known, page]),
        (error: Error) =>
          toasts.show({
            tone: 'bad',
            title: 'Older bars cannot be read',
            text: error.message,
            key: 'older bars',
          }),
      )
      .finally(() => setLoading(false));
  }, [loading, before, full, symbol, interval, mock, toasts]);

  return { answer, bars, loadOlder };
}
