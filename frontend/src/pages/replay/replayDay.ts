// A stored day as the server describes it, and the words for it.

import { decodeSession } from '../../domain/decode.ts';
import type { MarketName, ServerTime } from '../../domain/nominal.ts';
import { serverTime, toServerTime } from '../../domain/nominal.ts';
import type { Answer } from '../../services/api/client.ts';
import type { ReplayDay } from '../../state/replay/player.ts';

const DAY_MS = 86_400_000;

/** Null where an instant of it cannot be read. */
export function decodeDay(value: Answer<'/api/thordata/replay/{trade_date}'>): ReplayDay | null {
  const [start, end, first, last] = [value.starts_at, value.ends_at, value.first_at, value.last_at].map(
    toServerTime,
  );
  if (start == null || end == null || first == null || last == null) return null;
  const sessions = value.sessions.flatMap((change) => {
    const at = toServerTime(change.at);
    const session = decodeSession(change);
    return at === null || session === null ? [] : [{ at, session }];
  });
  return {
    date: value.date,
    start,
    end,
    // Whole milliseconds, so that the first tick lies behind where the day begins to be told.
    first: serverTime(Math.max(start, Math.floor(first))),
    last,
    sessions: sessions.toSorted((a, b) => a.at - b.at),
  };
}

const DATE = new Intl.DateTimeFormat('en-US', {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  timeZone: 'UTC',
});

/** `Mon, Nov 23, 2026 (yesterday)`. `today` is the trade date of now. */
export function dayTitle(date: string, today: string | null): string {
  const instant = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(instant)) return date;
  const back = today === null ? Number.NaN : (Date.parse(`${today}T00:00:00Z`) - instant) / DAY_MS;
  const words = back === 0 ? ' (today)' : back === 1 ? ' (yesterday)' : '';
  return `${DATE.format(instant)}${words}`;
}

/** A part of the day in which a market is in one phase. */
export interface PhaseSpan {
  readonly phase: string;
  readonly isOpen: boolean;
  readonly from: ServerTime;
  readonly to: ServerTime;
}

/** The phases of a market over the day, cut to it. */
export function phasesOf({ sessions, end }: ReplayDay, market: MarketName): readonly PhaseSpan[] {
  const own = sessions.filter(({ session }) => session.market === market);
  return own.map(({ at, session }, place) => ({
    phase: session.phase ?? (session.isOpen ? 'open' : 'closed'),
    isOpen: session.isOpen,
    from: at,
    to: own[place + 1]?.at ?? end,
  }));
}

/** Where an instant lies in the day, in percent. */
export function placeIn({ start, end }: ReplayDay, instant: number): number {
  return ((Math.min(Math.max(instant, start), end) - start) / (end - start)) * 100;
}
