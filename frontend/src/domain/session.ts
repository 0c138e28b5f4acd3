// A market's session state and the words for it.

import type { MarketName, ServerTime } from './nominal.ts';

export interface MarketSession {
  readonly market: MarketName;
  /** The market's name for people. */
  readonly title: string;
  readonly isOpen: boolean;
  /** The server's finer word for the state, such as `open` or `maintenance`. */
  readonly phase: string | null;
  readonly holiday: string | null;
  readonly nextTransitionAt: ServerTime | null;
  readonly tradeDate: string | null;
  /** Why the state is as it is, where that is not the ordinary week. */
  readonly reason: string | null;
  /** IANA name of the zone that the market keeps its hours in. */
  readonly timeZone: string | null;
  /** Whether the dates come from the exchange (`verified`) or from its ordinary week (`template`). */
  readonly confidence: string | null;
}

/** The state in one or two words: `Open`, `Maintenance`, a holiday's name. */
export function sessionTitle(session: MarketSession): string {
  if (session.isOpen) return 'Open';
  if (session.holiday !== null) return session.holiday;
  if (session.phase === null || session.phase === '') return 'Closed';
  const words = session.phase.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
