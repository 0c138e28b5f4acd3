// One connection to the server's event stream: opened, read and watched for silence.
// It knows nothing of quotes and never reconnects; feed.ts does both.

import { createParser } from 'eventsource-parser';
import type { StreamId } from '../../domain/nominal.ts';
import { toStreamId } from '../../domain/nominal.ts';
import { HttpFailure, withDeadline } from '../http.ts';

const OPEN_DEADLINE_MS = 15_000;
/** The server speaks at least every 10 s. Two missed heartbeats and some slack mean that nobody is there. */
const SILENCE_MS = 25_000;

export interface StreamEvent {
  readonly name: string;
  readonly id: StreamId | null;
  readonly data: string;
}

export interface StreamListener {
  onOpen(): void;
  /** Any bytes at all, heartbeats too. */
  onBytes(): void;
  onEvent(event: StreamEvent): void;
}

/** The connection is dead although nobody closed it. */
export class SilentStream extends Error {
  constructor() {
    super(`nothing was heard for ${SILENCE_MS / 1_000} s`);
    this.name = 'SilentStream';
  }
}

async function open(fetchFrom: typeof fetch, url: string, lastEventId: StreamId | null, stop: AbortSignal) {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (lastEventId !== null) headers['last-event-id'] = lastEventId;
  const response = await fetchFrom(url, { headers, cache: 'no-store', signal: stop });
  if (!response.ok) throw await HttpFailure.of(response);
  const type = response.headers.get('content-type') ?? '';
  if (response.body === null || !type.startsWith('text/event-stream')) {
    throw new TypeError(`expected an event stream, the server sent ${type || 'nothing'}`);
  }
  return response.body;
}

/** Reads the stream until the server ends it (resolves), it fails or falls silent (rejects), or `stop` fires (resolves). */
export async function readEventStream(
  fetchFrom: typeof fetch,
  url: string,
  lastEventId: StreamId | null,
  stop: AbortSignal,
  listener: StreamListener,
): Promise<void> {
  const connection = new AbortController();
  const close = () => connection.abort();
  stop.addEventListener('abort', close);
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let silent = false;
  try {
    const body = await withDeadline(connection.signal, OPEN_DEADLINE_MS, async (deadline) => {
      // The deadline ends the attempt to open, not the open stream, so it may not be the request's own signal.
      deadline.addEventListener('abort', close);
      try {
        return await open(fetchFrom, url, lastEventId, connection.signal);
      } finally {
        deadline.removeEventListener('abort', close);
      }
    });
    reader = body.getReader();
    const reading = reader;
    stop.addEventListener('abort', () => void reading.cancel().catch(() => undefined), { once: true });
    const giveUp = () => {
      silent = true;
      void reading.cancel().catch(() => undefined);
    };
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ event, id, data }) =>
        listener.onEvent({ name: event ?? 'message', id: toStreamId(id), data }),
    });
    listener.onOpen();
    silence = setTimeout(giveUp, SILENCE_MS);
    for (;;) {
      const { done, value } = await reader.read();
      if (silent) throw new SilentStream();
      if (done || stop.aborted) return;
      clearTimeout(silence);
      silence = setTimeout(giveUp, SILENCE_MS);
      listener.onBytes();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    if (stop.aborted) return;
    throw error;
  } finally {
    clearTimeout(silence);
    stop.removeEventListener('abort', close);
    connection.abort();
  }
}
