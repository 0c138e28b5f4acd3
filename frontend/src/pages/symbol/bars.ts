// Which bars a chart has, and how the newest one is carried on by the events that come.

import type { Bar } from '../../domain/indicators.ts';
import type { Quote } from '../../domain/quote.ts';

export const INTERVALS = ['1s', '1m', '5m', '1h', '1d'] as const;
export type Interval = (typeof INTERVALS)[number];

const SECONDS: Readonly<Record<Exclude<Interval, '1d'>, number>> = {
  '1s': 1,
  '1m': 60,
  '5m': 300,
  '1h': 3_600,
};

/**
 * The newest bar after an event. In minutes the server's live bar is taken as it is; in other intervals the last price
 * carries the bar on until the server's own is read again. A day goes on in its bar: where one ends is the server's to say.
 * Null when the event changes nothing.
 */
export function carriedOn(newest: Bar | null, quote: Quote, interval: Interval): Bar | null {
  const { last, bar: minute } = quote;
  if (interval === '1m') {
    if (minute === null) return null;
    const time = minute.start / 1_000;
    if (newest !== null && time < newest.time) return null;
    return {
      time,
      open: minute.open,
      high: minute.high,
      low: minute.low,
      close: minute.close,
      volume: minute.volume,
    };
  }
  if (last === null) return null;
  const seconds = quote.occurredAt / 1_000;
  const time = interval === '1d' ? (newest?.time ?? null) : seconds - (seconds % SECONDS[interval]);
  if (time === null || (newest !== null && time < newest.time)) return null;
  if (newest === null || time > newest.time) {
    return { time, open: last, high: last, low: last, close: last, volume: 0 };
  }
  return { ...newest, high: Math.max(newest.high, last), low: Math.min(newest.low, last), close: last };
}
