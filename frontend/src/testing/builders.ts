// Records and sessions for tests, in the server's own shapes: only what a test is about needs saying.

import { decodeQuote } from '../domain/decode.ts';
import type { InstrumentSymbol, MarketName, ServerTime } from '../domain/nominal.ts';
import { toMarketName, toServerTime, toSymbol } from '../domain/nominal.ts';
import type { Quote } from '../domain/quote.ts';

export type Json = Record<string, unknown>;

export const NOW = '2026-11-22T18:00:00.000Z';

export function symbol(text: string): InstrumentSymbol {
  const value = toSymbol(text);
  if (value === null) throw new Error(`${text} is not a symbol`);
  return value;
}

export function market(text: string): MarketName {
  const value = toMarketName(text);
  if (value === null) throw new Error(`${text} is not a market`);
  return value;
}

export function at(text: string): ServerTime {
  const value = toServerTime(text);
  if (value === null) throw new Error(`${text} is not an instant`);
  return value;
}

/** A record of `/api/quotes` for the 30-year bond. */
export function quoteJson(changes: Json = {}): Json {
  return {
    v: 1,
    symbol: 'ZB',
    ts: NOW,
    source: 'TOS',
    last: 118.3125,
    bid: 118.3125,
    ask: 118.34375,
    lastSize: 2,
    bidSize: 14,
    askSize: 0,
    seq: 7,
    condition: null,
    venue: null,
    meta: { open: 118, high: 118.5, low: 117.5, close: 117.875 },
    active_source: 'TOS',
    updated_at: NOW,
    id: '1000-0',
    stale_after_ms: 5000,
    marks: [],
    display: {
      last: "118'10",
      bid: "118'10",
      ask: "118'11",
      change: "+0'14",
      change_percent: '+0.37',
      spread: "0'01",
      open: "118'00",
      high: "118'16",
      low: "117'16",
      close: "117'28",
    },
    change: 0.4375,
    signal: 'BUY',
    stat_value: 5,
    contract_weight: 1.1,
    signal_weight: -1,
    ...changes,
  };
}

export function quote(changes: Json = {}): Quote {
  const decoded = decodeQuote(quoteJson(changes));
  if (decoded === null) throw new Error('the test built a malformed quote');
  return decoded;
}

export function instrumentJson(ticker: string, changes: Json = {}): Json {
  return {
    symbol: ticker,
    name: `${ticker} future`,
    asset_class: 'future',
    exchange: 'CBOT',
    market: 'GLOBEX',
    order: 0,
    ...changes,
  };
}

export function sessionJson(changes: Json = {}): Json {
  return {
    is_open: true,
    market: 'GLOBEX',
    title: 'CME Globex',
    now: NOW,
    next_transition_at: '2026-11-22T21:00:00Z',
    holiday: null,
    phase: 'open',
    trade_date: '2026-11-23',
    confidence: 'template',
    ...changes,
  };
}
