// What a quote's row shows at this moment, whatever it is drawn as.

import type { Instrument } from '../domain/instrument.ts';
import type { Mark, Quote } from '../domain/quote.ts';
import { ageOf, isStale, marksAt } from '../domain/staleness.ts';
import { formatAge } from '../domain/time.ts';
import { useAtTick, useQuote, useSession } from '../state/react.ts';

export interface Row {
  readonly quote: Quote;
  readonly age: string;
  readonly stale: boolean;
  /** Not to be acted on: stale, or from before an outage. */
  readonly old: boolean;
  readonly marks: readonly Mark[];
}

/** Null while no quote of the instrument has been seen. */
export function useRow(instrument: Instrument, outdated: boolean): Row | null {
  const quote = useQuote(instrument.symbol);
  const isOpen = useSession(instrument.market)?.isOpen ?? null;
  const age = useAtTick((now) => (quote === null ? '' : formatAge(ageOf(quote, now))));
  const stale = useAtTick((now) => quote !== null && isStale(quote, now, isOpen));
  return quote === null ? null : { quote, age, stale, old: stale || outdated, marks: marksAt(quote, stale) };
}
