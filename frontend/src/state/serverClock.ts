// The server's clock as this browser can know it: the local monotonic clock plus a measured offset, ticking once a second.

import type { LocalTime, ServerTime } from '../domain/nominal.ts';
import { serverTime } from '../domain/nominal.ts';
import type { Readable } from './cell.ts';

const TICK_MS = 1_000;
/** A sample this old no longer stands against a newer one with a larger error: quartz drifts, and laptops sleep. */
const SAMPLE_LASTS_MS = 600_000;

export interface ServerClock {
  /** The server's time as of the last tick: the same for every part of one drawing. */
  readonly tick: Readable<ServerTime>;
  now(): ServerTime;
  toServerTime(instant: LocalTime): ServerTime;
  /** Learns that the server's clock read `serverNow` when the local one read `localNow`, give or take `errorMs`. */
  calibrate(serverNow: ServerTime, localNow: LocalTime, errorMs: number): void;
}

/** `now` is the local monotonic clock. Until the first calibration the two clocks are taken to agree. */
export function createServerClock(now: () => LocalTime): ServerClock {
  let offset = 0;
  let sample: { readonly takenAt: LocalTime; readonly errorMs: number } | null = null;
  let current = serverTime(now());
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  const toServerTime = (instant: LocalTime) => serverTime(instant + offset);

  function advance(): void {
    current = toServerTime(now());
    for (const listener of [...listeners]) listener();
  }

  function schedule(): void {
    clearTimeout(timer);
    // On the server's whole seconds, so that countdowns step together and never skip one.
    timer = setTimeout(
      () => {
        advance();
        schedule();
      },
      TICK_MS - (toServerTime(now()) % TICK_MS),
    );
  }

  return {
    toServerTime,
    now: () => toServerTime(now()),
    calibrate(serverNow, localNow, errorMs) {
      const better =
        sample === null || errorMs <= sample.errorMs || localNow - sample.takenAt > SAMPLE_LASTS_MS;
      // A sample that contradicts the one in use by more than both errors means that a clock was set or stood still.
      const contradicts =
        sample !== null && Math.abs(serverNow - localNow - offset) > sample.errorMs + errorMs + TICK_MS;
      if (!better && !contradicts) return;
      offset = serverNow - localNow;
      sample = { takenAt: localNow, errorMs };
      advance();
      if (listeners.size > 0) schedule();
    },
    tick: {
      get: () => current,
      subscribe(listener) {
        listeners.add(listener);
        if (listeners.size === 1) {
          current = toServerTime(now());
          schedule();
        }
        return () => {
          listeners.delete(listener);
          if (listeners.size === 0) clearTimeout(timer);
        };
      },
    },
  };
}
