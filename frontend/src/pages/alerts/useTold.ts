// What was told, page by page behind a cursor, and taking note of it.

import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import type { Answer } from '../../services/api/client.ts';
import { getApi, sendApi } from '../../services/api/client.ts';
import { useDashboard } from '../../state/react.ts';

export type Told = Answer<'/api/notifications'>[number];

export interface ToldFilter {
  readonly unacknowledged: boolean;
  readonly kind: string;
  readonly severity: '' | 'info' | 'warning' | 'critical';
  readonly symbol: string;
}

const PAGE = 25;
const KEY = '/api/notifications';

export function useTold(filter: ToldFilter) {
  return useInfiniteQuery({
    queryKey: [KEY, 'pages', filter],
    queryFn: ({ pageParam, signal }) =>
      getApi(KEY, { query: { ...filter, limit: PAGE, before: pageParam } }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: 60_000,
  });
}

export function useAcknowledge() {
  const queries = useQueryClient();
  const { toasts } = useDashboard();
  return useMutation({
    mutationFn: (ids: readonly number[]) =>
      sendApi('POST', '/api/notifications/acknowledge', { body: { ids } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [KEY] }),
    onError: (error) => toasts.show({ tone: 'bad', title: 'Not acknowledged', text: error.message }),
  });
}
