// Everything the pages observe, and the one place where the feed's messages become state.

import type { Instrument } from '../domain/instrument.ts';
import type { InstrumentSymbol, LocalTime, MarketName } from '../domain/nominal.ts';
import type { Notice } from '../domain/notice.ts';
import type { Quote } from '../domain/quote.ts';
import type { MarketSession } from '../domain/session.ts';
import type { Total } from '../domain/total.ts';
import type { FeedHandle, FeedMessage, FeedStatus } from '../services/feed/messages.ts';
import type { Readable } from './cell.ts';
import { createCell } from './cell.ts';
import type { MinuteCloses } from './minuteCloses.ts';
import { createMinuteCloses } from './minuteCloses.ts';
import type { QuoteStore } from './quoteStore.ts';
import { createQuoteStore } from './quoteStore.ts';
import type { ServerClock } from './serverClock.ts';
import { createServerClock } from './serverClock.ts';
import type { Toasts } from './toasts.ts';
import { createToasts } from './toasts.ts';

export type Origin = 'live' | 'replay';

export type Sessions = ReadonlyMap<MarketName, MarketSession>;

export interface Dashboard {
  /** `replay`: a stored day told again. Nothing in it may ask the server what is known now. */
  readonly origin: Origin;
  /** In registry order; null until the registry has been read. */
  readonly instruments: Readable<readonly Instrument[] | null>;
  readonly quotes: QuoteStore;
  readonly minutes: MinuteCloses;
  readonly sessions: Readable<Sessions>;
  /** The composite; null until the server has told it. */
  readonly total: Readable<Total | null>;
  /** The newest notification that came while the page was open. */
  readonly notice: Readable<Notice | null>;
  readonly toasts: Toasts;
  readonly status: Readable<FeedStatus>;
  /** Events refused since the page was opened. */
  readonly malformed: Readable<number>;
  readonly clock: ServerClock;
  /** Starts the feed; returns the way to stop it. */
  connect(): () => void;
  retryNow(): void;
  refreshSessions(): void;
  /** Hands every event of a symbol to `listener`, in order, until the answer is called. */
  watch(symbol: InstrumentSymbol, listener: (quotes: readonly Quote[]) => void): () => void;
}

export interface DashboardEnvironment {
  /** `live` when it is not said. */
  readonly origin?: Origin;
  /** The clock that the server's is told by; without one it is made of `now`. */
  readonly clock?: ServerClock;
  start(emit: (message: FeedMessage) => void): FeedHandle;
  now(): LocalTime;
  /** Runs its argument before the next frame is drawn. */
  schedule(work: () => void): void;
}

export function createDashboard(environment: DashboardEnvironment): Dashboard {
  const instruments = createCell<readonly Instrument[] | null>(null);
  const sessions = createCell<Sessions>(new Map());
  const status = createCell<FeedStatus>({ kind: 'connecting', since: environment.now() });
  const malformed = createCell(0);
  const quotes = createQuoteStore(environment.schedule);
  const minutes = createMinuteCloses();
  const clock = environment.clock ?? createServerClock(environment.now);
  const total = createCell<Total | null>(null);
  const notice = createCell<Notice | null>(null);
  const tapes = new Map<InstrumentSymbol, Set<(quotes: readonly Quote[]) => void>>();
  const ends = new Map<InstrumentSymbol, () => void>();
  let feed: FeedHandle | null = null;
  let observed: readonly InstrumentSymbol[] = [];
  quotes.onObserved((symbols) => {
    observed = symbols;
    feed?.focus(symbols);
  });

  function receive(message: FeedMessage): void {
    switch (message.kind) {
      case 'status':
        status.set(message.status);
        break;
      case 'instruments':
        instruments.set(message.instruments);
        break;
      case 'quotes':
        quotes.put(message.quotes);
        minutes.put(message.quotes);
        break;
      case 'sessions':
        sessions.set(
          new Map([
            ...sessions.get(),
            ...message.sessions.map((session) => [session.market, session] as const),
          ]),
        );
        break;
      case 'total':
        total.set(message.total);
        break;
      case 'notice':
        notice.set(message.notice);
        break;
      case 'tape':
        for (const listener of [...(tapes.get(message.symbol) ?? [])]) listener(message.quotes);
        break;
      case 'clock':
        clock.calibrate(message.serverNow, message.localNow, message.errorMs);
        break;
      case 'reset':
        quotes.forgetPositions();
        break;
      case 'malformed':
        malformed.set(malformed.get() + message.count);
        break;
    }
  }

  return {
    origin: environment.origin ?? 'live',
    instruments,
    quotes,
    minutes,
    sessions,
    total,
    notice,
    toasts: createToasts(),
    status,
    malformed,
    clock,
    connect() {
      const started = environment.start(receive);
      feed = started;
      started.focus(observed);
      for (const symbol of tapes.keys()) ends.set(symbol, started.watch(symbol));
      return () => {
        started.stop();
        ends.clear();
        if (feed === started) feed = null;
      };
    },
    retryNow: () => feed?.retryNow(),
    refreshSessions: () => feed?.refreshSessions(),
    watch(symbol, listener) {
      const listeners = tapes.get(symbol) ?? new Set();
      tapes.set(symbol, listeners.add(listener));
      if (listeners.size === 1 && feed !== null) ends.set(symbol, feed.watch(symbol));
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || tapes.get(symbol) !== listeners) return;
        tapes.delete(symbol);
        ends.get(symbol)?.();
        ends.delete(symbol);
      };
    },
  };
}
