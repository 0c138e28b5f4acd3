// How fast a stored day is played, and how finely it is read for that.

export const SPEEDS = ['1', '2', '5', '10', '30', '60', '300', 'max'] as const;
/** Times the real pace; `max` is as fast as frames can be drawn. */
export type Speed = (typeof SPEEDS)[number];

/** Live, prices move on the page twenty times a second at most; so they do here. */
const FRAME_MS = 50;
const MOST_STEP_MS = 60_000;
const MINUTE_MS = 60_000;
/** Faster than this, a symbol's every event is more than anybody can see. */
const FASTEST_WHOLE = 10;

function factorOf(speed: Speed): number {
  return speed === 'max' ? MOST_STEP_MS / FRAME_MS : Number(speed);
}

/** Milliseconds of the day in a millisecond of the reader's; null for as fast as it goes. */
export function paceOf(speed: Speed): number | null {
  return speed === 'max' ? null : factorOf(speed);
}

/** The length of a frame in milliseconds of the day. */
export function stepOf(speed: Speed): number {
  return FRAME_MS * factorOf(speed);
}

/** How much of the day lasts `milliseconds` of the reader's time. */
export function spanOf(speed: Speed, milliseconds: number): number {
  return Math.max(milliseconds * factorOf(speed), speed === 'max' ? 30 * MINUTE_MS : 0);
}

/** Whether every event of a watched symbol is told. */
export function tellsEveryEvent(speed: Speed): boolean {
  return factorOf(speed) <= FASTEST_WHOLE;
}
