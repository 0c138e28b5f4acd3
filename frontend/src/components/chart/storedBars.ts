// Bars of the server's, as a chart draws them.

import type { Bar } from '../../domain/indicators.ts';
import { toServerTime } from '../../domain/nominal.ts';

interface StoredBar {
  readonly start: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Pages from the newest to the oldest as bars from the oldest to the newest. */
export function joinPages(pages: readonly (readonly StoredBar[])[]): readonly Bar[] {
  const bars = new Map<number, Bar>();
  for (const page of pages.toReversed()) {
    for (const { start, open, high, low, close, volume } of page) {
      const at = toServerTime(start);
      if (at !== null) bars.set(at / 1_000, { time: at / 1_000, open, high, low, close, volume });
    }
  }
  return [...bars.values()].toSorted((a, b) => a.time - b.time);
}
