// The hooks through which components observe the dashboard.

import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import type { InstrumentSymbol, MarketName, ServerTime } from '../domain/nominal.ts';
import type { Quote } from '../domain/quote.ts';
import type { MarketSession } from '../domain/session.ts';
import type { FeedStatus } from '../services/feed/messages.ts';
import type { Readable } from './cell.ts';
import type { Dashboard } from './dashboard.ts';

export const DashboardContext = createContext<Dashboard | null>(null);

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext);
  if (dashboard === null) throw new Error('a dashboard component was drawn outside its DashboardContext');
  return dashboard;
}

export function useReadable<Value>(readable: Readable<Value>): Value {
  return useSyncExternalStore(readable.subscribe, readable.get);
}

export function useQuote(symbol: InstrumentSymbol): Quote | null {
  const { quotes } = useDashboard();
  const subscribe = useCallback(
    (listener: () => void) => quotes.subscribe(symbol, listener),
    [quotes, symbol],
  );
  return useSyncExternalStore(subscribe, () => quotes.get(symbol));
}

export function useSession(market: MarketName): MarketSession | null {
  return useReadable(useDashboard().sessions).get(market) ?? null;
}

/** What `select` makes of the server's time; draws again only in the seconds in which its answer differs. Give it a primitive. */
export function useAtTick<Value extends string | number | boolean | null>(
  select: (now: ServerTime) => Value,
): Value {
  const { tick } = useDashboard().clock;
  return useSyncExternalStore(tick.subscribe, () => select(tick.get()));
}

/** A lost connection is not told to the reader before this: a server restart should not make the page flicker. */
const GRACE_MS = 1_500;

export interface Outage {
  readonly status: FeedStatus;
  /** The instant up to which the values on the page are known to be right. */
  readonly asOf: ServerTime;
}

/** The present outage of the feed, or null while values can be believed. */
export function useOutage(): Outage | null {
  const { status: statusCell, clock } = useDashboard();
  const status = useReadable(statusCell);
  const asOf = clock.toServerTime(status.since);
  const overdue = useAtTick((now) => now - asOf > GRACE_MS);
  if (status.kind === 'live' || status.kind === 'connecting') return null;
  return overdue || status.kind === 'signed_out' ? { status, asOf } : null;
}
