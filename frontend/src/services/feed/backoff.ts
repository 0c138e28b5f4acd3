// How long to stay away after a failed attempt.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Milliseconds before attempt `failures + 1`, for `failures` from 1 up.
 *
 * Doubles from 0.5 s to 30 s, less up to half of it by chance, so that many browsers do not come back at the same moment.
 * `random` is in [0, 1).
 */
export function backoffDelay(failures: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.max(FIRST_MS, ceiling * (1 - random / 2));
}
