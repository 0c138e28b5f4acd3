// What each source says of a symbol, also those that do not stand: their own newest quote before anything is derived.

import { useQueries } from '@tanstack/react-query';
import type { Answer } from '../services/api/client.ts';
import { getApi } from '../services/api/client.ts';
import { useApi } from './api.ts';

const REFRESH_MS = 2_000;
const PROVIDERS_MS = 15_000;

export type Provider = Answer<'/api/providers'>[number];
export type RawQuote = Answer<'/api/{provider}/quotes/latest/'>['rows'][number];

export interface SourceQuote {
  readonly provider: Provider;
  /** Null where the source has never told the symbol, or has not answered yet. */
  readonly quote: RawQuote | null;
}

/** Null until the providers are known. `when` false: not asked now. */
export function useSourceQuotes(symbol: string, when = true): readonly SourceQuote[] | null {
  const { data: providers } = useApi('/api/providers', { refreshMs: PROVIDERS_MS, when });
  const told = (providers ?? []).filter(({ events }) => events !== null && events > 0);
  const answers = useQueries({
    queries: told.map(({ source }) => ({
      queryKey: ['/api/{provider}/quotes/latest/', source, symbol],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        getApi(
          '/api/{provider}/quotes/latest/',
          { path: { provider: source }, query: { symbols: symbol } },
          signal,
        ),
      enabled: when,
      refetchInterval: REFRESH_MS,
      retry: false,
    })),
  });
  if (providers === undefined) return null;
  return told.map((provider, at) => ({ provider, quote: answers[at]?.data?.rows[0] ?? null }));
}
