// One feed for every page of a browser. It lives in a shared worker; each page has a port to it, is told at once what is
// known already, and hears everything that follows. A page that has gone silent is forgotten, and welcomed when it speaks again.

import type { InstrumentSymbol, MarketName } from '../../domain/nominal.ts';
import type { Quote } from '../../domain/quote.ts';
import type { MarketSession } from '../../domain/session.ts';
import type { FeedHandle, FeedMessage } from './messages.ts';

/** What a page says to the shared feed. */
export type PageRequest =
  | { readonly ask: 'hello' | 'alive' | 'leave' | 'retry' | 'sessions' }
  | { readonly ask: 'watch' | 'unwatch'; readonly symbol: InstrumentSymbol };

/** A page says `alive` this often; browsers slow the timers of hidden pages to once a minute. */
export const ALIVE_MS = 20_000;
const SILENT_MS = 180_000;

/** The end of a port that lies in the worker. */
export interface PagePort {
  postMessage(message: FeedMessage): void;
}

interface Page {
  readonly watches: Map<InstrumentSymbol, () => void>;
  heardAt: number;
}

export interface SharedFeed {
  receive(port: PagePort, request: PageRequest): void;
}

/** `now` is a monotonic clock in milliseconds. */
export function createSharedFeed(
  start: (emit: (message: FeedMessage) => void) => FeedHandle,
  now: () => number,
): SharedFeed {
  const pages = new Map<PagePort, Page>();
  const memory = createMemory();
  let feed: FeedHandle | null = null;

  function tell(message: FeedMessage): void {
    memory.keep(message);
    for (const [port, page] of pages) {
      if (message.kind === 'tape' && !page.watches.has(message.symbol)) continue;
      port.postMessage(message);
    }
  }

  function forget(port: PagePort): void {
    for (const end of pages.get(port)?.watches.values() ?? []) end();
    pages.delete(port);
  }

  function welcome(port: PagePort): Page {
    const page: Page = { watches: new Map(), heardAt: now() };
    pages.set(port, page);
    for (const message of memory.recall()) port.postMessage(message);
    return page;
  }

  return {
    receive(port, request) {
      if (request.ask === 'leave') {
        forget(port);
        return;
      }
      for (const [other, page] of pages) if (now() - page.heardAt > SILENT_MS) forget(other);
      const page = pages.get(port) ?? welcome(port);
      page.heardAt = now();
      // Only now, so that the first page hears how the feed begins.
      feed ??= start(tell);
      switch (request.ask) {
        case 'retry':
          feed.retryNow();
          break;
        case 'sessions':
          feed.refreshSessions();
          break;
        case 'watch':
          if (!page.watches.has(request.symbol)) page.watches.set(request.symbol, feed.watch(request.symbol));
          break;
        case 'unwatch':
          page.watches.get(request.symbol)?.();
          page.watches.delete(request.symbol);
          break;
      }
    },
  };
}

/** The newest of everything that a page must know which comes later. */
function createMemory() {
  const newest = new Map<FeedMessage['kind'], FeedMessage>();
  const quotes = new Map<InstrumentSymbol, Quote>();
  const sessions = new Map<MarketName, MarketSession>();
  return {
    keep(message: FeedMessage): void {
      switch (message.kind) {
        case 'quotes':
          for (const quote of message.quotes) quotes.set(quote.symbol, quote);
          break;
        case 'sessions':
          for (const session of message.sessions) sessions.set(session.market, session);
          break;
        case 'status':
        case 'instruments':
        case 'clock':
        case 'total':
          newest.set(message.kind, message);
          break;
      }
    },
    recall(): readonly FeedMessage[] {
      const known = [...newest.values()];
      if (sessions.size > 0) known.push({ kind: 'sessions', sessions: [...sessions.values()] });
      if (quotes.size > 0) known.push({ kind: 'quotes', quotes: [...quotes.values()] });
      return known;
    },
  };
}
