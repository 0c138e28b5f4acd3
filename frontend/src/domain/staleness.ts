// When a price has gone stale, and which marks a quote carries at an instant.

import type { ServerTime } from './nominal.ts';
import type { Mark, Quote } from './quote.ts';
import { MARKS } from './quote.ts';

/** Milliseconds since the quote was accepted; never negative, since clocks differ by a little. */
export function ageOf(quote: Quote, now: ServerTime): number {
  return Math.max(0, now - quote.updatedAt);
}

export function isMock(quote: Quote): boolean {
  return quote.activeSource === 'MOCK' || quote.marks.includes('MOCK');
}

/**
 * Whether the quote is stale at `now`.
 *
 * Silence means something only while somebody should be speaking: the market is open, or the source is the mock, which never closes.
 * With the session unknown (`marketIsOpen` null) the server's own mark decides.
 */
export function isStale(quote: Quote, now: ServerTime, marketIsOpen: boolean | null): boolean {
  const markedByServer = quote.marks.includes('STALE');
  if (marketIsOpen === null && !isMock(quote)) return markedByServer;
  if (marketIsOpen === false && !isMock(quote)) return false;
  return markedByServer || ageOf(quote, now) > quote.staleAfterMs;
}

/** The same marks are the same list, so that whatever draws them need not draw again. */
const lists = new Map<string, readonly Mark[]>();

/** The marks to draw, in one fixed order, with STALE decided here and now instead of when the record was made. */
export function marksAt(quote: Quote, stale: boolean): readonly Mark[] {
  const marks = MARKS.filter((mark) => (mark === 'STALE' ? stale : quote.marks.includes(mark)));
  const key = marks.join();
  const known = lists.get(key) ?? marks;
  lists.set(key, known);
  return known;
}
