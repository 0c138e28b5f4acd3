// One telling of a stored day from a point on: a dashboard of its own, which has seen nothing of what comes later.
// A jump in the day makes a new one; so nothing that was seen before can stay.

import { decodeQuotes, decodeTotal } from '../../domain/decode.ts';
import type { Instrument } from '../../domain/instrument.ts';
import type { InstrumentSymbol, ServerTime } from '../../domain/nominal.ts';
import { localTime } from '../../domain/nominal.ts';
import type { MarketSession } from '../../domain/session.ts';
import type { FeedMessage } from '../../services/feed/messages.ts';
import type { ReplayFrame } from '../../services/replay/frames.ts';
import type { Dashboard } from '../dashboard.ts';
import { createDashboard } from '../dashboard.ts';
import { createVirtualClock } from './virtualClock.ts';

/** A market's state from an instant on. */
export interface SessionChange {
  readonly at: ServerTime;
  readonly session: MarketSession;
}

export interface Epoch {
  readonly dashboard: Dashboard;
  /** Symbols of which somebody follows every event. */
  readonly watched: ReadonlySet<InstrumentSymbol>;
  tell(frame: ReplayFrame): void;
  /** Sets the day's clock, and the markets to what they are then. `struck`: those who follow the clock see it. */
  advance(now: ServerTime, struck: boolean): void;
  end(): void;
}

interface EpochEnvironment {
  readonly start: ServerTime;
  readonly instruments: readonly Instrument[];
  /** In order of time. */
  readonly sessions: readonly SessionChange[];
  /** Runs its argument before the next frame is drawn. */
  schedule(work: () => void): void;
  /** Called when another symbol is followed. */
  onWatch(): void;
}

export function createEpoch({ start, instruments, sessions, schedule, onWatch }: EpochEnvironment): Epoch {
  const clock = createVirtualClock(start);
  const watched = new Set<InstrumentSymbol>();
  let emit: (message: FeedMessage) => void = () => undefined;
  let changes = 0;
  const dashboard = createDashboard({
    origin: 'replay',
    clock,
    now: () => localTime(clock.now()),
    schedule,
    start(listener) {
      emit = listener;
      return {
        stop: () => undefined,
        retryNow: () => undefined,
        refreshSessions: () => undefined,
        focus: () => undefined,
        watch(symbol) {
          watched.add(symbol);
          onWatch();
          return () => watched.delete(symbol);
        },
      };
    },
  });
  const end = dashboard.connect();

  function changeSessions(now: ServerTime): void {
    const first = changes;
    while (changes < sessions.length && (sessions[changes]?.at ?? now) <= now) changes += 1;
    if (changes === first) return;
    emit({ kind: 'sessions', sessions: sessions.slice(first, changes).map(({ session }) => session) });
  }

  emit({ kind: 'instruments', instruments });
  emit({ kind: 'status', status: { kind: 'live', since: localTime(start) } });
  changeSessions(start);

  return {
    dashboard,
    watched,
    end,
    tell(frame) {
      const { items, malformed } = decodeQuotes(frame.quotes);
      if (malformed > 0) emit({ kind: 'malformed', count: malformed });
      if (items.length > 0) emit({ kind: 'quotes', quotes: items });
      for (const symbol of watched) {
        const quotes = items.filter((quote) => quote.symbol === symbol);
        if (quotes.length > 0) emit({ kind: 'tape', symbol, quotes });
      }
      const total = frame.total === null ? null : decodeTotal(frame.total);
      if (total !== null) emit({ kind: 'total', total });
    },
    advance(now, struck) {
      clock.set(now);
      changeSessions(now);
      if (struck) clock.strike();
    },
  };
}
