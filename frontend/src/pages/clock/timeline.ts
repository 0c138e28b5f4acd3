// Where the phases of a market's calendar lie in a day's bar that begins some hours before now.

import type { ServerTime } from '../../domain/nominal.ts';
import { serverTime, toServerTime } from '../../domain/nominal.ts';
import type { Answer } from '../../services/api/client.ts';

const HOUR_MS = 3_600_000;
/** The bar reaches so far back, and is a day long. */
const BACK_HOURS = 6;
const HOURS = 24;
const TICK_HOURS = 3;

type Calendar = Answer<'/api/markets/{market}/calendar'>;

export interface Window {
  readonly from: ServerTime;
  readonly to: ServerTime;
}

export interface Segment {
  readonly phase: string;
  readonly from: ServerTime;
  readonly to: ServerTime;
  /** In percent of the bar. */
  readonly start: number;
  readonly width: number;
}

/** The day's bar around an instant. It moves on by minutes. */
export function windowAround(now: ServerTime): Window {
  const minute = now - (now % 60_000);
  return {
    from: serverTime(minute - BACK_HOURS * HOUR_MS),
    to: serverTime(minute + (HOURS - BACK_HOURS) * HOUR_MS),
  };
}

/** Where an instant stands in the bar, in percent. */
export function placeIn({ from, to }: Window, instant: number): number {
  return ((instant - from) / (to - from)) * 100;
}

/** The phases that reach into the bar, cut to it. */
export function segmentsOf(calendar: Calendar, window: Window): readonly Segment[] {
  return calendar.days.flatMap(({ phases }) =>
    phases.flatMap(({ phase, starts_at, ends_at }): Segment[] => {
      const from = toServerTime(starts_at);
      const to = toServerTime(ends_at);
      if (from === null || to === null || to <= window.from || from >= window.to) return [];
      const start = Math.max(0, placeIn(window, from));
      return [{ phase, from, to, start, width: Math.min(100, placeIn(window, to)) - start }];
    }),
  );
}

/** Whole hours of UTC in the bar, every third. */
export function ticksOf({ from, to }: Window): readonly ServerTime[] {
  const step = TICK_HOURS * HOUR_MS;
  const first = Math.ceil(from / step) * step;
  const count = Math.floor((to - first) / step) + 1;
  return Array.from({ length: count }, (_, place) => serverTime(first + place * step));
}
