// What the feed says to the rest of the page. Plain data, so that the feed may live in a worker and post it.

import type { Instrument } from '../../domain/instrument.ts';
import type { InstrumentSymbol, LocalTime, ServerTime } from '../../domain/nominal.ts';
import type { Notice } from '../../domain/notice.ts';
import type { Quote } from '../../domain/quote.ts';
import type { MarketSession } from '../../domain/session.ts';
import type { Total } from '../../domain/total.ts';

/** `since` is when the state began; for a lost connection, when the server was last heard. */
export type FeedStatus =
  | { readonly kind: 'connecting'; readonly since: LocalTime }
  | { readonly kind: 'live'; readonly since: LocalTime }
  /** Connected, but the server has lost its own store and has nothing new to say. */
  | { readonly kind: 'degraded'; readonly since: LocalTime }
  | { readonly kind: 'reconnecting'; readonly since: LocalTime; readonly retryAt: LocalTime }
  /** Still trying, but without success for long, or the browser itself has no network. */
  | { readonly kind: 'offline'; readonly since: LocalTime; readonly retryAt: LocalTime }
  | { readonly kind: 'signed_out'; readonly since: LocalTime };

export type FeedMessage =
  | { readonly kind: 'status'; readonly status: FeedStatus }
  | { readonly kind: 'instruments'; readonly instruments: readonly Instrument[] }
  | { readonly kind: 'quotes'; readonly quotes: readonly Quote[] }
  | { readonly kind: 'sessions'; readonly sessions: readonly MarketSession[] }
  | { readonly kind: 'total'; readonly total: Total }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** Every event of a symbol that somebody watches, in order; the grid's quotes are the newest only. */
  | { readonly kind: 'tape'; readonly symbol: InstrumentSymbol; readonly quotes: readonly Quote[] }
  /** The server's clock read `serverNow` when this browser's read `localNow`, give or take `errorMs`. */
  | {
      readonly kind: 'clock';
      readonly serverNow: ServerTime;
      readonly localNow: LocalTime;
      readonly errorMs: number;
    }
  /** Positions known so far no longer order what follows. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'malformed'; readonly count: number };

export interface FeedHandle {
  stop(): void;
  /** Ends a back-off early. Does nothing while connected. */
  retryNow(): void;
  /** Reads the sessions and the server's clock again. */
  refreshSessions(): void;
  /** Says which symbols are drawn now: they come as they change, others once a second where that spares work. */
  focus(symbols: readonly InstrumentSymbol[]): void;
  /** Asks for every event of a symbol until the answer is called. */
  watch(symbol: InstrumentSymbol): () => void;
}
