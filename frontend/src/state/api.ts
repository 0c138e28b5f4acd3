// Reading the REST API from a component: cached, refreshed, and asked again only where that may help.

import type { UseQueryResult } from '@tanstack/react-query';
import { QueryCache, QueryClient, useQuery } from '@tanstack/react-query';
import type { Answer, GetOptions, GetPath } from '../services/api/client.ts';
import { getApi } from '../services/api/client.ts';
import { HttpFailure } from '../services/http.ts';

const MOST_RETRIES = 2;

/** `onSignedOut` is called when the server no longer knows whoever asks. */
export function createQueryClient(onSignedOut: () => void = () => undefined): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof HttpFailure && error.status === 401) onSignedOut();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: false,
        // A refusal stays one however often it is asked for.
        retry: (failures, error) =>
          failures < MOST_RETRIES && !(error instanceof HttpFailure && !error.isPassing),
      },
    },
  });
}

interface ApiOptions<Path extends GetPath> extends GetOptions<Path> {
  /** Read again this often while the page is seen. */
  readonly refreshMs?: number;
  /** False: not now. */
  readonly when?: boolean;
}

/** `useApi('/api/bars', { query: { symbol: 'ES' } })`: what the path answers, and how asking goes. */
export function useApi<Path extends GetPath>(
  path: Path,
  { query, path: parts, refreshMs, when = true }: ApiOptions<Path> = {},
): UseQueryResult<Answer<Path>, Error> {
  return useQuery({
    queryKey: [path, parts ?? null, query ?? null],
    queryFn: ({ signal }) =>
      getApi(
        path,
        { ...(query === undefined ? {} : { query }), ...(parts === undefined ? {} : { path: parts }) },
        signal,
      ),
    enabled: when,
    refetchInterval: refreshMs ?? false,
  });
}
