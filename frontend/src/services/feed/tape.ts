// Every event of one symbol, unconflated, for as long as somebody watches it: what the tape and the chart are fed by.
// It comes back by itself behind the last event it had. How the connection fares is told by the feed, not here.

import { decodeQuotes } from '../../domain/decode.ts';
import type { InstrumentSymbol, StreamId } from '../../domain/nominal.ts';
import type { Quote } from '../../domain/quote.ts';
import { backoffDelay } from './backoff.ts';
import { readEventStream } from './eventStream.ts';
import { parseJson } from './json.ts';
import type { FeedMessage } from './messages.ts';

interface TapeEnvironment {
  readonly fetch: typeof fetch;
  /** A number in [0, 1). */
  random(): number;
}

/** Follows the symbol until the answer is called. */
export function startTape(
  symbol: InstrumentSymbol,
  environment: TapeEnvironment,
  emit: (message: FeedMessage) => void,
): () => void {
  const stop = new AbortController();
  let position: StreamId | null = null;
  let failures = 0;
  let endWait: () => void = () => undefined;
  let batch: Quote[] = [];

  /** Events that came in one piece are passed on as one. */
  function passOn(): void {
    const quotes = batch;
    batch = [];
    if (!stop.signal.aborted && quotes.length > 0) emit({ kind: 'tape', symbol, quotes });
  }

  function receive(name: string, id: StreamId | null, data: string): void {
    if (id !== null) position = id;
    if (name !== 'quote' && name !== 'quotes') return;
    const { items, malformed } = decodeQuotes(parseJson(data), id);
    if (malformed > 0) emit({ kind: 'malformed', count: malformed });
    if (batch.length === 0 && items.length > 0) queueMicrotask(passOn);
    batch.push(...items);
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      const url = `/api/quotes/stream?symbols=${encodeURIComponent(symbol)}&enrich=1`;
      try {
        await readEventStream(environment.fetch, url, position, stop.signal, {
          onOpen: () => {
            failures = 0;
          },
          onBytes: () => undefined,
          onEvent: ({ name, id, data }) => receive(name, id, data),
        });
      } catch {
        // The feed follows the same server and says what is wrong with it.
      }
      if (stop.signal.aborted) return;
      failures += 1;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, backoffDelay(failures, environment.random()));
        endWait = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  void follow();
  return () => {
    stop.abort();
    endWait();
  };
}
