// A server for tests behind the `fetch` interface: fixed JSON answers, and event streams written by the test piece by piece.

import type { Json } from './builders.ts';
import { instrumentJson, quoteJson, sessionJson } from './builders.ts';

export interface ScriptedStream {
  readonly url: URL;
  readonly lastEventId: string | null;
  readonly closedByClient: boolean;
  write(text: string): void;
  send(event: string, data: unknown, id?: string): void;
  end(): void;
  fail(): void;
}

class Stream implements ScriptedStream {
  readonly url: URL;
  readonly lastEventId: string | null;
  closedByClient = false;
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(url: URL, lastEventId: string | null) {
    this.url = url;
    this.lastEventId = lastEventId;
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.closedByClient = true;
      },
    });
  }

  write(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  send(event: string, data: unknown, id?: string): void {
    this.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    this.#controller?.close();
  }

  fail(): void {
    this.#controller?.error(new TypeError('network error'));
  }
}

export class ScriptedServer {
  instruments: readonly Json[] = [instrumentJson('ES', { order: 0 }), instrumentJson('ZB', { order: 1 })];
  quotes: readonly Json[] = [quoteJson()];
  sessions: readonly Json[] = [sessionJson()];
  /** Statuses for the next requests of a path, used up one by one before the real answer. */
  readonly refusals = new Map<string, { readonly status: number; readonly retryAfter?: string }[]>();
  readonly requests: string[] = [];
  readonly streams: ScriptedStream[] = [];

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input), 'http://thor.test');
    this.requests.push(url.pathname);
    const refusal = this.refusals.get(url.pathname)?.shift();
    if (refusal !== undefined) {
      const headers: HeadersInit =
        refusal.retryAfter === undefined ? {} : { 'retry-after': refusal.retryAfter };
      return new Response('{}', { status: refusal.status, headers });
    }
    switch (url.pathname) {
      case '/api/instruments':
        return Response.json(this.instruments);
      case '/api/quotes':
        return Response.json(this.quotes);
      case '/api/session':
        return Response.json(this.sessions);
      case '/api/quotes/stream':
        return this.#open(url, new Headers(init?.headers).get('last-event-id'));
      default:
        return new Response('{}', { status: 404 });
    }
  };

  refuse(path: string, status: number, retryAfter?: string): void {
    const refusal = retryAfter === undefined ? { status } : { status, retryAfter };
    this.refusals.set(path, [...(this.refusals.get(path) ?? []), refusal]);
  }

  /** The newest stream that a client has opened. */
  get stream(): ScriptedStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error('no stream has been opened');
    return stream;
  }

  #open(url: URL, lastEventId: string | null): Response {
    const stream = new Stream(url, lastEventId);
    this.streams.push(stream);
    return new Response(stream.body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
  }
}
