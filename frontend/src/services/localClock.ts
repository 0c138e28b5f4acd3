// This browser's monotonic clock. It does not jump when somebody sets the computer's time,
// and it reads the same in a page and in a worker of the same browser.

import type { LocalTime } from '../domain/nominal.ts';
import { localTime } from '../domain/nominal.ts';

export function localNow(): LocalTime {
  return localTime(performance.timeOrigin + performance.now());
}
