// Words for durations; instants are in zone.ts.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** An age in at most two units: `now`, `12s`, `4m 05s`, `3h 12m`, `2d 04h`. */
export function formatAge(milliseconds: number): string {
  const age = Math.max(0, milliseconds);
  if (age < SECOND) return 'now';
  if (age < MINUTE) return `${Math.floor(age / SECOND)}s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)}m ${twoDigits(Math.floor((age % MINUTE) / SECOND))}s`;
  if (age < DAY) return `${Math.floor(age / HOUR)}h ${twoDigits(Math.floor((age % HOUR) / MINUTE))}m`;
  return `${Math.floor(age / DAY)}d ${twoDigits(Math.floor((age % DAY) / HOUR))}h`;
}

/** Time left until an instant: `03:12:44`, with days before it when there are any. Zero once it has passed. */
export function formatCountdown(milliseconds: number): string {
  // Rounded up, so that 00:00:00 is shown only when the instant is there.
  const left = Math.max(0, Math.ceil(milliseconds / SECOND) * SECOND);
  const days = Math.floor(left / DAY);
  const clock = [
    twoDigits(Math.floor((left % DAY) / HOUR)),
    twoDigits(Math.floor((left % HOUR) / MINUTE)),
    twoDigits(Math.floor((left % MINUTE) / SECOND)),
  ].join(':');
  return days > 0 ? `${days}d ${clock}` : clock;
}
