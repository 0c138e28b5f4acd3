// The hooks through which components observe the dashboard.

import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from 'react';
import type { Instrument } from '../domain/instrument.ts';
import type { InstrumentSymbol, MarketName, ServerTime } from '../domain/nominal.ts';
import type { Quote } from '../domain/quote.ts';
import type { MarketSession } from '../domain/session.ts';
import type { TimeShape } from '../domain/zone.ts';
import { formatInstant, zoneLabel, zoneName } from '../domain/zone.ts';
import type { FeedStatus } from '../services/feed/messages.ts';
import type { Cell, Readable } from './cell.ts';
import { createCell } from './cell.ts';
import type { Dashboard } from './dashboard.ts';
import type { Preferences } from './preferences.ts';
import { decodePreferences } from './preferences.ts';
import type { Memory } from './remembered.ts';

export const DashboardContext = createContext<Dashboard | null>(null);

/** Where the pages remember the reader's layouts. Without one, as in tests, nothing outlives the page. */
export const MemoryContext = createContext<Memory | null>(null);

export const PreferencesContext = createContext<Cell<Preferences>>(createCell(decodePreferences(null)));

export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext);
  if (dashboard === null) throw new Error('a dashboard component was drawn outside its DashboardContext');
  return dashboard;
}

export function useReadable<Value>(readable: Readable<Value>): Value {
  return useSyncExternalStore(readable.subscribe, readable.get);
}

/** What `select` makes of the value; draws again only when that differs. Give it a primitive. */
export function useSelected<Value, Selected extends string | number | boolean | null>(
  readable: Readable<Value>,
  select: (value: Value) => Selected,
): Selected {
  return useSyncExternalStore(readable.subscribe, () => select(readable.get()));
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

/** The instrument of that symbol; null when the registry has none or has not been read. */
export function useInstrument(symbol: string): Instrument | null {
  const instruments = useReadable(useDashboard().instruments);
  return instruments?.find((instrument) => instrument.symbol === symbol) ?? null;
}

/** The reader's preferences, and the way to change some of them. */
export function usePreferences(): [Preferences, (changes: Partial<Preferences>) => void] {
  const cell = useContext(PreferencesContext);
  const change = useCallback(
    (changes: Partial<Preferences>) => cell.set({ ...cell.get(), ...changes }),
    [cell],
  );
  return [useReadable(cell), change];
}

export interface TimeFormat {
  /** IANA name. */
  readonly zone: string;
  text(instant: ServerTime, shape: TimeShape): string;
  /** The zone's short name at an instant. */
  label(instant: ServerTime): string;
}

/** Times in the zone that the reader has chosen; where that is the exchange's, in the zone of `market`. */
export function useTimeFormat(market: MarketName | null = null): TimeFormat {
  const [{ zone: choice }] = usePreferences();
  const sessions = useReadable(useDashboard().sessions);
  const exchangeZone = market === null ? null : (sessions.get(market)?.timeZone ?? null);
  const zone = zoneName(choice, exchangeZone);
  return useMemo(
    () => ({
      zone,
      text: (instant, shape) => formatInstant(instant, zone, shape),
      label: (instant) => zoneLabel(instant, zone),
    }),
    [zone],
  );
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
