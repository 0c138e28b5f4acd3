// Order of positions in the unified stream.

import type { StreamId } from './nominal.ts';
import { toStreamId } from './nominal.ts';

function parts(id: StreamId): [milliseconds: number, sequence: number] {
  const [milliseconds, sequence] = id.split('-');
  return [Number(milliseconds), Number(sequence)];
}

/** Negative when `a` is earlier than `b`, zero when they are the same position. */
export function compareStreamIds(a: StreamId, b: StreamId): number {
  const [aMilliseconds, aSequence] = parts(a);
  const [bMilliseconds, bSequence] = parts(b);
  return aMilliseconds - bMilliseconds || aSequence - bSequence;
}

/** The position `milliseconds` before `id`. It need not exist in the stream. */
export function rewindStreamId(id: StreamId, milliseconds: number): StreamId {
  const [start] = parts(id);
  return toStreamId(`${Math.max(0, start - milliseconds)}-0`) ?? id;
}
