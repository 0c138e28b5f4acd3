// Frames of a stored day, read by span. Their records stay as they came until they are told.

import type { InstrumentSymbol, ServerTime } from '../../domain/nominal.ts';
import { toServerTime } from '../../domain/nominal.ts';
import { addressOf } from '../api/client.ts';
import { getJson } from '../http.ts';

export interface ReplayFrame {
  /** Every event of the frame happened before this. */
  readonly at: ServerTime;
  /** Records as of `/api/quotes`. */
  readonly quotes: readonly unknown[];
  /** The composite where it is another than before, else null. */
  readonly total: unknown;
}

export interface ReplaySpan {
  readonly frames: readonly ReplayFrame[];
  /** What was asked for has come up to here. */
  readonly until: ServerTime;
  /** How far the server is on its way to the span, 0 to 1; null once it is there. */
  readonly preparing: number | null;
}

export interface ReplayQuestion {
  /** Trade date, `2026-11-24`. */
  readonly date: string;
  readonly start: ServerTime;
  readonly end: ServerTime;
  readonly stepMs: number;
  /** Symbols of which every event is wanted, not only the newest of each frame. */
  readonly every: readonly InstrumentSymbol[];
  /** Begin with everything that is known at the start. */
  readonly snapshot: boolean;
  readonly limit: number;
}

function decodeFrame(value: unknown): ReplayFrame | null {
  if (typeof value !== 'object' || value === null) return null;
  const { at, quotes, total } = value as Readonly<Record<string, unknown>>;
  const instant = toServerTime(at);
  return instant === null || !Array.isArray(quotes) ? null : { at: instant, quotes, total: total ?? null };
}

export function decodeSpan(value: unknown): ReplaySpan {
  const { frames, until, preparing } = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const reached = toServerTime(until);
  if (reached === null || !Array.isArray(frames)) throw new TypeError('the server sent no frames');
  return {
    frames: frames.flatMap((frame) => decodeFrame(frame) ?? []),
    until: reached,
    preparing: typeof preparing === 'number' ? preparing : null,
  };
}

export async function readFrames(
  fetchFrom: typeof fetch,
  { date, start, end, stepMs, every, snapshot, limit }: ReplayQuestion,
  stop: AbortSignal,
): Promise<ReplaySpan> {
  const address = addressOf('/api/thordata/replay/{trade_date}/frames', {
    path: { trade_date: date },
    query: {
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
      step_ms: stepMs,
      every: every.join(),
      snapshot,
      limit,
    },
  });
  return decodeSpan(await getJson(fetchFrom, address, stop));
}
