// The clock of a day told again: it reads what it is set to, and stands still between.

import type { ServerTime } from '../../domain/nominal.ts';
import { serverTime } from '../../domain/nominal.ts';
import { createCell } from '../cell.ts';
import type { ServerClock } from '../serverClock.ts';

export interface VirtualClock extends ServerClock {
  set(now: ServerTime): void;
  /** Lets everybody who follows the clock see what it reads. */
  strike(): void;
}

export function createVirtualClock(start: ServerTime): VirtualClock {
  let current = start;
  const tick = createCell(start);
  return {
    tick,
    now: () => current,
    // The local clock of a replay is the replay's own.
    toServerTime: (instant) => serverTime(instant),
    calibrate: () => undefined,
    set(now) {
      current = now;
    },
    strike: () => tick.set(current),
  };
}
