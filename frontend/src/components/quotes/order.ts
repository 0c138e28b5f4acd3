// Which instruments of a list are shown, and in which order.

import type { Instrument } from '../../domain/instrument.ts';
import type { InstrumentSymbol } from '../../domain/nominal.ts';
import type { Quote } from '../../domain/quote.ts';

type Value = number | string | null;

export interface Ordering {
  readonly descending: boolean;
  /** Null: nothing to order by, the row goes last. */
  valueOf(instrument: Instrument, quote: Quote | null): Value;
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en');
}

/** Instruments in order; without an ordering as they are. Rows that are alike keep their places. */
export function ordered(
  instruments: readonly Instrument[],
  quoteOf: (symbol: InstrumentSymbol) => Quote | null,
  ordering: Ordering | null,
): readonly Instrument[] {
  if (ordering === null) return instruments;
  const rows = instruments.map((instrument) => ({
    instrument,
    value: ordering.valueOf(instrument, quoteOf(instrument.symbol)),
  }));
  const sign = ordering.descending ? -1 : 1;
  return rows
    .toSorted((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      return sign * compare(a.value, b.value);
    })
    .map(({ instrument }) => instrument);
}

/** Every word of the filter must be in the symbol, the name, the category or the exchange. */
export function filtered(instruments: readonly Instrument[], filter: string): readonly Instrument[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return instruments;
  return instruments.filter(({ symbol, name, category, exchange }) => {
    const text = `${symbol} ${name} ${category ?? ''} ${exchange}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
