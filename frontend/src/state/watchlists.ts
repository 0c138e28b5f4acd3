// The reader's watchlists: the server's for whoever is logged in, else this browser's own.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useContext, useMemo, useState } from 'react';
import { sendApi } from '../services/api/client.ts';
import { useApi } from './api.ts';
import { useCaller } from './caller.ts';
import type { Cell } from './cell.ts';
import { createCell } from './cell.ts';
import { MemoryContext, useDashboard, useReadable } from './react.ts';
import { createRemembered } from './remembered.ts';

export interface Watchlist {
  readonly name: string;
  readonly symbols: readonly string[];
}

export interface Watchlists {
  readonly lists: readonly Watchlist[];
  /** Where they are kept. */
  readonly home: 'server' | 'browser';
  /** Keeps a list under its name, new or not. */
  save(list: Watchlist): void;
  remove(name: string): void;
}

const KEY = 'thor.watchlists';

export function decodeWatchlists(stored: unknown): readonly Watchlist[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((value: unknown): Watchlist[] => {
    if (typeof value !== 'object' || value === null) return [];
    const { name, symbols } = value as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string' || name === '' || !Array.isArray(symbols)) return [];
    return [{ name, symbols: symbols.filter((symbol) => typeof symbol === 'string') }];
  });
}

function useOwnLists(): Cell<readonly Watchlist[]> {
  const memory = useContext(MemoryContext);
  const [cell] = useState(() =>
    memory === null ? createCell<readonly Watchlist[]>([]) : createRemembered(memory, KEY, decodeWatchlists),
  );
  return cell;
}

export function useWatchlists(): Watchlists {
  const own = useOwnLists();
  const ownLists = useReadable(own);
  const { toasts } = useDashboard();
  const queries = useQueryClient();
  const loggedIn = useCaller()?.user != null;
  const { data } = useApi('/api/watchlists', { when: loggedIn });
  const changed = () => queries.invalidateQueries({ queryKey: ['/api/watchlists'] });
  const failed = (error: Error) =>
    toasts.show({ tone: 'bad', title: 'The watchlist was not saved', text: error.message });
  const saving = useMutation({
    mutationFn: ({ name, symbols }: Watchlist) => {
      const known = data?.find((list) => list.name === name);
      return known === undefined
        ? sendApi('POST', '/api/watchlists', { body: { name, symbols } })
        : sendApi('PUT', '/api/watchlists/{list_id}', {
            path: { list_id: known.id },
            body: { name, symbols },
          });
    },
    onSuccess: changed,
    onError: failed,
  });
  const removing = useMutation({
    mutationFn: (id: number) => sendApi('DELETE', '/api/watchlists/{list_id}', { path: { list_id: id } }),
    onSuccess: changed,
    onError: failed,
  });
  return useMemo(() => {
    if (loggedIn) {
      return {
        home: 'server',
        lists: data ?? [],
        save: (list) => saving.mutate(list),
        remove(name) {
          const known = data?.find((list) => list.name === name);
          if (known !== undefined) removing.mutate(known.id);
        },
      };
    }
    const without = (name: string) => own.get().filter((list) => list.name !== name);
    return {
      home: 'browser',
      lists: ownLists,
      save: (list) => own.set([...without(list.name), list].toSorted((a, b) => a.name.localeCompare(b.name))),
      remove: (name) => own.set(without(name)),
    };
  }, [loggedIn, data, own, ownLists, saving.mutate, removing.mutate]);
}
