// Draws components around a dashboard whose feed is the test itself.

import { QueryClientProvider } from '@tanstack/react-query';
import type { RenderResult } from '@testing-library/react';
import { act, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { decodeInstruments, decodeSessions } from '../domain/decode.ts';
import { localTime } from '../domain/nominal.ts';
import type { FeedMessage, FeedStatus } from '../services/feed/messages.ts';
import { createQueryClient } from '../state/api.ts';
import type { Dashboard } from '../state/dashboard.ts';
import { createDashboard } from '../state/dashboard.ts';
import { DashboardContext } from '../state/react.ts';
import type { Json } from './builders.ts';
import { at, instrumentJson, NOW, quote, sessionJson } from './builders.ts';

export interface Bench extends RenderResult {
  readonly dashboard: Dashboard;
  readonly asked: { retries: number; sessions: number; readonly watching: Set<string> };
  say(message: FeedMessage): void;
  /** Delivers records and draws the frame. */
  quotes(...records: readonly Json[]): void;
  /** Puts the feed in a state that began some seconds ago; the next try, if there is one, is due in `retryInSeconds`. */
  status(kind: FeedStatus['kind'], secondsAgo?: number, retryInSeconds?: number): void;
}

interface BenchOptions {
  readonly instruments?: readonly Json[];
  readonly sessions?: readonly Json[];
  /** The server's time. */
  readonly now?: string;
}

/** A live dashboard at `now`, with the registry and the sessions read. Its clock moves with the test's timers. */
export function renderOnBench(children: ReactNode, options: BenchOptions = {}): Bench {
  const asked = { retries: 0, sessions: 0, watching: new Set<string>() };
  const frames: (() => void)[] = [];
  let emit: (message: FeedMessage) => void = () => undefined;
  const now = () => localTime(performance.now());
  const dashboard = createDashboard({
    start(listener) {
      emit = listener;
      return {
        stop: () => undefined,
        retryNow: () => {
          asked.retries += 1;
        },
        refreshSessions: () => {
          asked.sessions += 1;
        },
        focus: () => undefined,
        watch: (ticker) => {
          asked.watching.add(ticker);
          return () => asked.watching.delete(ticker);
        },
      };
    },
    now,
    schedule: (work) => frames.push(work),
  });
  dashboard.connect();
  const {
    instruments = [instrumentJson('ES'), instrumentJson('ZB', { order: 1 })],
    sessions = [sessionJson()],
  } = options;
  emit({ kind: 'clock', serverNow: at(options.now ?? NOW), localNow: now(), errorMs: 1 });
  emit({ kind: 'instruments', instruments: decodeInstruments(instruments).items });
  emit({ kind: 'sessions', sessions: decodeSessions(sessions).items });
  emit({ kind: 'status', status: { kind: 'live', since: now() } });
  const rendered = render(
    <DashboardContext value={dashboard}>
      <QueryClientProvider client={createQueryClient()}>
        <MemoryRouter>{children}</MemoryRouter>
      </QueryClientProvider>
    </DashboardContext>,
  );
  const say = (message: FeedMessage) => act(() => emit(message));
  return {
    ...rendered,
    dashboard,
    asked,
    say,
    quotes(...records) {
      act(() => {
        emit({ kind: 'quotes', quotes: records.map(quote) });
        for (const work of frames.splice(0)) work();
      });
    },
    status(kind, secondsAgo = 0, retryInSeconds = 0) {
      const since = localTime(now() - secondsAgo * 1_000);
      const trying = kind === 'reconnecting' || kind === 'offline';
      say({
        kind: 'status',
        status: trying
          ? { kind, since, retryAt: localTime(now() + retryInSeconds * 1_000) }
          : { kind, since },
      });
    },
  };
}
