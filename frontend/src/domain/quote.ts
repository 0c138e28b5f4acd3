// A quote as the dashboard knows it: the server's record with every field checked.
// Numbers are here to be compared (direction, position in the range); what is drawn is `display`.

import type { InstrumentSymbol, PriceText, ServerTime, SourceName, StreamId } from './nominal.ts';

export const SIGNALS = ['STRONG_BUY', 'BUY', 'HOLD', 'SELL', 'STRONG_SELL'] as const;
export type Signal = (typeof SIGNALS)[number];

export const MARKS = ['MOCK', 'REPLAY', 'DELAYED', 'STALE'] as const;
/** What a reader must know before believing a price. */
export type Mark = (typeof MARKS)[number];

export interface QuoteDisplay {
  readonly last: PriceText | null;
  readonly bid: PriceText | null;
  readonly ask: PriceText | null;
  readonly change: PriceText | null;
  readonly changePercent: PriceText | null;
  readonly spread: PriceText | null;
  readonly open: PriceText | null;
  readonly high: PriceText | null;
  readonly low: PriceText | null;
  readonly close: PriceText | null;
  readonly vwap: PriceText | null;
  readonly vwap30m: PriceText | null;
  readonly sessionHigh: PriceText | null;
  readonly sessionLow: PriceText | null;
  readonly high24h: PriceText | null;
  readonly low24h: PriceText | null;
  readonly high52w: PriceText | null;
  readonly low52w: PriceText | null;
}

/** The minute that is being built. */
export interface LiveBar {
  readonly start: ServerTime;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** A change of the contract month behind the symbol. */
export interface Roll {
  readonly from: string;
  readonly to: string;
  readonly at: ServerTime;
}

export interface Quote {
  readonly symbol: InstrumentSymbol;
  /** Position in the unified stream; null when the server did not say. */
  readonly id: StreamId | null;
  /** When the source says the quote happened. */
  readonly occurredAt: ServerTime;
  /** When the merger accepted it; ages are measured from here. */
  readonly updatedAt: ServerTime;
  readonly activeSource: SourceName;
  readonly last: number | null;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly lastSize: number | null;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  /** Net change against the previous settlement, in points. */
  readonly change: number | null;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  /** Contracts traded on the trade date: the source's count, else what was seen. */
  readonly volume: number | null;
  readonly changePercent: number | null;
  readonly vwap: number | null;
  readonly high24h: number | null;
  readonly low24h: number | null;
  readonly high52w: number | null;
  readonly low52w: number | null;
  readonly spread: number | null;
  readonly spreadTicks: number | null;
  /** In USD. */
  readonly tickValue: number | null;
  readonly contractValue: number | null;
  /** The contract month behind the symbol, where the source names it. */
  readonly contract: string | null;
  readonly roll: Roll | null;
  readonly bar: LiveBar | null;
  readonly signal: Signal | null;
  readonly statValue: number | null;
  readonly contractWeight: number | null;
  readonly signalWeight: number | null;
  readonly staleAfterMs: number;
  readonly marks: readonly Mark[];
  readonly display: QuoteDisplay;
}
