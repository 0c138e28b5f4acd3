// Everything the pages observe, and the one place where the feed's messages become state.

import type { Instrument } from '../domain/instrument.ts';
import type { LocalTime, MarketName } from '../domain/nominal.ts';
import type { MarketSession } from '../domain/session.ts';
import type { FeedHandle, FeedMessage, FeedStatus } from '../services/feed/messages.ts';
import type { Readable } from './cell.ts';
import { createCell } from './cell.ts';
import type { QuoteStore } from './quoteStore.ts';
import { createQuoteStore } from './quoteStore.ts';
import type { ServerClock } from './serverClock.ts';
import { createServerClock } from './serverClock.ts';

export type Sessions = ReadonlyMap<MarketName, MarketSession>;

export interface Dashboard {
  /** In registry order; null until the registry has been read. */
  readonly instruments: Readable<readonly Instrument[] | null>;
  readonly quotes: QuoteStore;
  readonly sessions: Readable<Sessions>;
  readonly status: Readable<FeedStatus>;
  /** Events refused since the page was opened. */
  readonly malformed: Readable<number>;
  readonly clock: ServerClock;
  /** Starts the feed; returns the way to stop it. */
  connect(): () => void;
  retryNow(): void;
  refreshSessions(): void;
}

export interface DashboardEnvironment {
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
  const clock = createServerClock(environment.now);
  let feed: FeedHandle | null = null;

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
        break;
      case 'sessions':
        sessions.set(
          new Map([
            ...sessions.get(),
            ...message.sessions.map((session) => [session.market, session] as const),
          ]),
        );
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
    instruments,
    quotes,
    sessions,
    status,
    malformed,
    clock,
    connect() {
      const started = environment.start(receive);
      feed = started;
      return () => {
        started.stop();
        if (feed === started) feed = null;
      };
    },
    retryNow: () => feed?.retryNow(),
    refreshSessions: () => feed?.refreshSessions(),
  };
}
