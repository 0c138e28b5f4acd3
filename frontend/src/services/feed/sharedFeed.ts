// One feed for every page of a browser. It lives in a shared worker; each page has a port to it, is told at once what is
// known already, and hears everything that follows. A page that has gone silent is forgotten, and welcomed when it speaks again.

import type { InstrumentSymbol, MarketName } from '../../domain/nominal.ts';
import type { Quote } from '../../domain/quote.ts';
import type { MarketSession } from '../../domain/session.ts';
import type { FeedHandle, FeedMessage } from './messages.ts';

/** What a page says to the shared feed. */
export type PageRequest =
  | { readonly ask: 'hello' | 'alive' | 'leave' | 'retry' | 'sessions' }
  | { readonly ask: 'focus'; readonly symbols: readonly InstrumentSymbol[] }
  | { readonly ask: 'watch' | 'unwatch'; readonly symbol: InstrumentSymbol };

/** A page says `alive` this often; browsers slow the timers of hidden pages to once a minute. */
export const ALIVE_MS = 20_000;
const SILENT_MS = 180_000;

/** The end of a port that lies in the worker. */
export interface PagePort {
  postMessage(message: FeedMessage): void;
}

/** Quotes that a page does not draw are handed to it this often: it sorts and counts by them. */
const OUT_OF_FOCUS_MS = 1_000;

interface Page {
  readonly watches: Map<InstrumentSymbol, () => void>;
  focus: ReadonlySet<InstrumentSymbol>;
  /** Symbols that the page has been given a quote of: the first one never waits. */
  readonly given: Set<InstrumentSymbol>;
  /** Newest quotes that the page has not been given yet. */
  readonly waiting: Map<InstrumentSymbol, Quote>;
  timer: ReturnType<typeof setTimeout> | undefined;
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

  function hand(port: PagePort, quotes: readonly Quote[]): void {
    if (quotes.length > 0) port.postMessage({ kind: 'quotes', quotes });
  }

  /** What the page draws goes to it at once; the rest is handed over together when it has waited long enough. */
  function tellQuotes(port: PagePort, page: Page, quotes: readonly Quote[]): void {
    const drawn: Quote[] = [];
    for (const quote of quotes) {
      const { symbol } = quote;
      if (page.focus.has(symbol) || !page.given.has(symbol)) drawn.push(quote);
      else page.waiting.set(symbol, quote);
      page.given.add(symbol);
    }
    hand(port, drawn);
    if (page.waiting.size === 0 || page.timer !== undefined) return;
    page.timer = setTimeout(() => {
      page.timer = undefined;
      hand(port, [...page.waiting.values()]);
      page.waiting.clear();
    }, OUT_OF_FOCUS_MS);
  }

  /** What is drawn from now on is brought up to date at once. */
  function focus(port: PagePort, page: Page, symbols: readonly InstrumentSymbol[]): void {
    page.focus = new Set(symbols);
    hand(
      port,
      symbols.flatMap((symbol) => page.waiting.get(symbol) ?? []),
    );
    for (const symbol of symbols) page.waiting.delete(symbol);
  }

  function tell(message: FeedMessage): void {
    memory.keep(message);
    for (const [port, page] of pages) {
      if (message.kind === 'quotes') {
        tellQuotes(port, page, message.quotes);
        continue;
      }
      if (message.kind === 'tape' && !page.watches.has(message.symbol)) continue;
      port.postMessage(message);
    }
  }

  function forget(port: PagePort): void {
    clearTimeout(pages.get(port)?.timer);
    for (const end of pages.get(port)?.watches.values() ?? []) end();
    pages.delete(port);
  }

  function welcome(port: PagePort): Page {
    const page: Page = {
      watches: new Map(),
      focus: new Set(),
      given: new Set(),
      waiting: new Map(),
      timer: undefined,
      heardAt: now(),
    };
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
        case 'focus':
          focus(port, page, request.symbols);
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
