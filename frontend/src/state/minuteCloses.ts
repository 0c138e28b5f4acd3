// The close of each minute of the last hour, by symbol: read once from the server, carried on by the quotes that come.

import type { InstrumentSymbol } from '../domain/nominal.ts';
import { toServerTime } from '../domain/nominal.ts';
import type { Quote } from '../domain/quote.ts';

const MOST = 60;

export interface MinuteCloses {
  put(quotes: readonly Quote[]): void;
  /** Takes the server's bars in; minutes that came live stand against them. */
  seed(symbol: InstrumentSymbol, bars: readonly { readonly start: string; readonly close: number }[]): void;
  isSeeded(symbol: InstrumentSymbol): boolean;
  /** Oldest first, at most sixty. */
  closes(symbol: InstrumentSymbol): readonly number[];
}

export function createMinuteCloses(): MinuteCloses {
  const series = new Map<InstrumentSymbol, Map<number, number>>();
  const seeded = new Set<InstrumentSymbol>();

  function keep(minutes: Map<number, number>): Map<number, number> {
    for (const oldest of minutes.keys()) {
      if (minutes.size <= MOST) break;
      minutes.delete(oldest);
    }
    return minutes;
  }

  return {
    put(quotes) {
      for (const { symbol, bar } of quotes) {
        if (bar === null) continue;
        const known = series.get(symbol);
        if (known === undefined) series.set(symbol, new Map([[bar.start, bar.close]]));
        else keep(known.set(bar.start, bar.close));
      }
    },
    seed(symbol, bars) {
      const stored = bars.flatMap(({ start, close }): [number, number][] => {
        const at = toServerTime(start);
        return at === null ? [] : [[at, close]];
      });
      const all = [...new Map([...stored, ...(series.get(symbol) ?? [])])].toSorted(([a], [b]) => a - b);
      series.set(symbol, keep(new Map(all)));
      seeded.add(symbol);
    },
    isSeeded: (symbol) => seeded.has(symbol),
    closes: (symbol) => [...(series.get(symbol)?.values() ?? [])],
  };
}
