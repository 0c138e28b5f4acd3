// Pages behind the newest one, read when the reader asks for them.

import { useState } from 'react';
import type { Answer, QueryOf } from '../../services/api/client.ts';
import { getApi } from '../../services/api/client.ts';
import { useDashboard } from '../../state/react.ts';

type ListPath = '/api/thordata/backtest/runs' | '/api/thordata/backtest/sweeps';

interface Older<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  load(): void;
}

/** `next` is the `before` of the first older page; `itemsOf` takes the items out of a page. Another query begins anew. */
export function useOlder<Path extends ListPath, Item>(
  path: Path,
  query: QueryOf<Path>,
  next: number | null,
  itemsOf: (page: Answer<Path>) => readonly Item[],
): Older<Item> {
  const { toasts } = useDashboard();
  const key = JSON.stringify(query);
  const [read, setRead] = useState<{ key: string; items: readonly Item[]; next: number | null } | null>(null);
  const [isLoading, setLoading] = useState(false);
  const known = read?.key === key ? read : null;
  const before = known === null ? next : known.next;

  async function load(): Promise<void> {
    if (before === null || isLoading) return;
    setLoading(true);
    try {
      const page = await getApi(path, { query: { ...query, before } });
      const { next: behind } = page as { readonly next: number | null };
      setRead({ key, items: [...(known?.items ?? []), ...itemsOf(page)], next: behind });
    } catch (error) {
      toasts.show({ tone: 'bad', title: 'Older ones cannot be read', text: (error as Error).message });
    } finally {
      setLoading(false);
    }
  }

  return { items: known?.items ?? [], hasMore: before !== null, isLoading, load: () => void load() };
}
