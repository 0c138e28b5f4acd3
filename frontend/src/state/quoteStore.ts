// The newest quote of every symbol, outside React. However many quotes arrive, listeners run at most once a frame,
// and only those of symbols that changed.

import type { InstrumentSymbol } from '../domain/nominal.ts';
import type { Quote } from '../domain/quote.ts';
import { compareStreamIds } from '../domain/streamId.ts';
import type { Readable } from './cell.ts';

export interface QuoteStore {
  get(symbol: InstrumentSymbol): Quote | null;
  subscribe(symbol: InstrumentSymbol, listener: () => void): () => void;
  /** Every quote, replaced by a new map once a frame in which something changed. */
  readonly all: Readable<ReadonlyMap<InstrumentSymbol, Quote>>;
  /** Takes quotes in; an older position than the one known is dropped. */
  put(quotes: readonly Quote[]): void;
  /** Calls `listener` with the symbols that somebody observes, whenever they have become others. */
  onObserved(listener: (symbols: readonly InstrumentSymbol[]) => void): void;
  /** Forgets positions, keeps values: whatever comes next counts as newer. */
  forgetPositions(): void;
}

/** `schedule` runs its argument before the next frame is drawn. */
export function createQuoteStore(schedule: (work: () => void) => void): QuoteStore {
  let drawn: ReadonlyMap<InstrumentSymbol, Quote> = new Map();
  let comparableSince = new WeakSet<Quote>();
  const pending = new Map<InstrumentSymbol, Quote>();
  const bySymbol = new Map<InstrumentSymbol, Set<() => void>>();
  const ofAll = new Set<() => void>();

  let tellObserved: (symbols: readonly InstrumentSymbol[]) => void = () => undefined;
  let telling = false;

  /** After whatever is mounting or going has done so: a page that scrolls changes many at once. */
  function observedChanged(): void {
    if (telling) return;
    telling = true;
    queueMicrotask(() => {
      telling = false;
      tellObserved([...bySymbol.keys()]);
    });
  }

  function isOlder(quote: Quote): boolean {
    const known = pending.get(quote.symbol) ?? drawn.get(quote.symbol);
    if (known === undefined || known.id === null || quote.id === null) return false;
    return comparableSince.has(known) && compareStreamIds(quote.id, known.id) < 0;
  }

  function draw(): void {
    const changed = [...pending.keys()];
    drawn = new Map([...drawn, ...pending]);
    pending.clear();
    for (const symbol of changed) {
      for (const listener of [...(bySymbol.get(symbol) ?? [])]) listener();
    }
    for (const listener of [...ofAll]) listener();
  }

  return {
    get: (symbol) => drawn.get(symbol) ?? null,
    subscribe(symbol, listener) {
      const listeners = bySymbol.get(symbol) ?? new Set();
      bySymbol.set(symbol, listeners.add(listener));
      if (listeners.size === 1) observedChanged();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || bySymbol.get(symbol) !== listeners) return;
        bySymbol.delete(symbol);
        observedChanged();
      };
    },
    all: {
      get: () => drawn,
      subscribe(listener) {
        ofAll.add(listener);
        return () => ofAll.delete(listener);
      },
    },
    put(quotes) {
      const idle = pending.size === 0;
      for (const quote of quotes) {
        if (isOlder(quote)) continue;
        comparableSince.add(quote);
        pending.set(quote.symbol, quote);
      }
      if (idle && pending.size > 0) schedule(draw);
    },
    onObserved(listener) {
      tellObserved = listener;
    },
    forgetPositions() {
      comparableSince = new WeakSet();
    },
  };
}
