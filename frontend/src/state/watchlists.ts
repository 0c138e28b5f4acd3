// The reader's watchlists, kept by this browser.

import { useContext, useMemo, useState } from 'react';
import type { Cell } from './cell.ts';
import { createCell } from './cell.ts';
import { MemoryContext, useReadable } from './react.ts';
import { createRemembered } from './remembered.ts';

export interface Watchlist {
  readonly name: string;
  readonly symbols: readonly string[];
}

export interface Watchlists {
  readonly lists: readonly Watchlist[];
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
  const lists = useReadable(own);
  return useMemo(() => {
    const without = (name: string) => own.get().filter((list) => list.name !== name);
    return {
      lists,
      save: (list) => own.set([...without(list.name), list].toSorted((a, b) => a.name.localeCompare(b.name))),
      remove: (name) => own.set(without(name)),
    };
  }, [own, lists]);
}
