// Turns the server's JSON into the dashboard's types. What does not fit is refused whole, never half believed.

import type { QuoteEvent } from './event.ts';
import type { Instrument } from './instrument.ts';
import type { ServerTime, StreamId } from './nominal.ts';
import { toMarketName, toPriceText, toServerTime, toSourceName, toStreamId, toSymbol } from './nominal.ts';
import type { Notice } from './notice.ts';
import type { LiveBar, Mark, Quote, QuoteDisplay, Roll, Signal } from './quote.ts';
import { MARKS, SIGNALS } from './quote.ts';
import type { MarketSession } from './session.ts';
import type { Total } from './total.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const DEFAULT_STALE_AFTER_MS = 5_000;

export interface Decoded<Item> {
  readonly items: readonly Item[];
  /** How many elements were refused. */
  readonly malformed: number;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The registry writes decimals as text, so that they keep their digits. */
function decimalOrNull(value: unknown): number | null {
  return typeof value === 'string' && value !== '' ? numberOrNull(Number(value)) : numberOrNull(value);
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** True for a number, null, or an absent key; a price of another type means that the record cannot be trusted. */
function isNumberOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && Number.isFinite(value));
}

function decodeDisplay(value: unknown): QuoteDisplay {
  const display = isObject(value) ? value : {};
  return {
    last: toPriceText(display['last']),
    bid: toPriceText(display['bid']),
    ask: toPriceText(display['ask']),
    change: toPriceText(display['change']),
    changePercent: toPriceText(display['change_percent']),
    spread: toPriceText(display['spread']),
    open: toPriceText(display['open']),
    high: toPriceText(display['high']),
    low: toPriceText(display['low']),
    close: toPriceText(display['close']),
    vwap: toPriceText(display['vwap']),
    vwap30m: toPriceText(display['vwap_30m']),
    sessionHigh: toPriceText(display['session_high']),
    sessionLow: toPriceText(display['session_low']),
    high24h: toPriceText(display['high_24h']),
    low24h: toPriceText(display['low_24h']),
    high52w: toPriceText(display['high_52w']),
    low52w: toPriceText(display['low_52w']),
  };
}

function decodeSignal(value: unknown): Signal | null {
  return SIGNALS.find((signal) => signal === value) ?? null;
}

function decodeMarks(value: unknown): readonly Mark[] {
  return Array.isArray(value) ? MARKS.filter((mark) => value.includes(mark)) : [];
}

function decodeBar(value: unknown): LiveBar | null {
  if (!isObject(value)) return null;
  const start = toServerTime(value['start']);
  const [open, high, low, close] = ['open', 'high', 'low', 'close'].map((name) => numberOrNull(value[name]));
  if (start === null || open == null || high == null || low == null || close == null) return null;
  return { start, open, high, low, close, volume: numberOrNull(value['volume']) ?? 0 };
}

function decodeRoll(value: unknown): Roll | null {
  if (!isObject(value)) return null;
  const at = toServerTime(value['at']);
  const from = textOrNull(value['from_contract']);
  const to = textOrNull(value['to_contract']);
  return at === null || from === null || to === null ? null : { from, to, at };
}

/** The event's own prices: a record whose prices are no numbers is refused whole. */
const EVENT_PRICES: readonly (keyof QuoteEvent)[] = ['last', 'bid', 'ask'];

/** One record of `/api/quotes` or of an enriched stream event; null when it is malformed. `position` stands in for a missing id. */
export function decodeQuote(value: unknown, position: StreamId | null = null): Quote | null {
  if (!isObject(value)) return null;
  const symbol = toSymbol(value['symbol']);
  const occurredAt = toServerTime(value['ts']);
  const updatedAt = toServerTime(value['updated_at']) ?? occurredAt;
  const activeSource = toSourceName(value['active_source']) ?? toSourceName(value['source']);
  if (symbol === null || occurredAt === null || updatedAt === null || activeSource === null) return null;
  if (![...EVENT_PRICES, 'change'].every((field) => isNumberOrAbsent(value[field]))) return null;
  const meta = isObject(value['meta']) ? value['meta'] : {};
  const session = isObject(value['session']) ? value['session'] : {};
  const week52 = isObject(value['week52']) ? value['week52'] : {};
  return {
    symbol,
    id: toStreamId(value['id']) ?? position,
    occurredAt,
    updatedAt,
    activeSource,
    last: numberOrNull(value['last']),
    bid: numberOrNull(value['bid']),
    ask: numberOrNull(value['ask']),
    lastSize: numberOrNull(value['lastSize']),
    bidSize: numberOrNull(value['bidSize']),
    askSize: numberOrNull(value['askSize']),
    change: numberOrNull(value['change']),
    open: numberOrNull(meta['open']),
    high: numberOrNull(meta['high']),
    low: numberOrNull(meta['low']),
    volume: numberOrNull(meta['volume']) ?? numberOrNull(session['volume']),
    changePercent: numberOrNull(value['change_percent']),
    vwap: numberOrNull(session['vwap']),
    high24h: numberOrNull(session['high_24h']),
    low24h: numberOrNull(session['low_24h']),
    high52w: numberOrNull(week52['high']),
    low52w: numberOrNull(week52['low']),
    spread: numberOrNull(value['spread']),
    spreadTicks: numberOrNull(value['spread_ticks']),
    tickValue: numberOrNull(value['tick_value']),
    contractValue: numberOrNull(value['contract_value']),
    contract: textOrNull(value['contract']),
    roll: decodeRoll(session['roll']),
    bar: decodeBar(session['bar']),
    signal: decodeSignal(value['signal']),
    statValue: numberOrNull(value['stat_value']),
    contractWeight: numberOrNull(value['contract_weight']),
    signalWeight: numberOrNull(value['signal_weight']),
    staleAfterMs: numberOrNull(value['stale_after_ms']) ?? DEFAULT_STALE_AFTER_MS,
    marks: decodeMarks(value['marks']),
    display: decodeDisplay(value['display']),
  };
}

function decodeInstrument(value: unknown): Instrument | null {
  if (!isObject(value)) return null;
  const symbol = toSymbol(value['symbol']);
  const market = toMarketName(value['market']);
  if (symbol === null || market === null) return null;
  return {
    symbol,
    market,
    name: textOrNull(value['name']) ?? symbol,
    category: textOrNull(value['category']),
    assetClass: textOrNull(value['asset_class']) ?? '',
    exchange: textOrNull(value['exchange']) ?? '',
    order: numberOrNull(value['order']) ?? Number.MAX_SAFE_INTEGER,
    tick: decimalOrNull(value['tick']),
    tickValue: decimalOrNull(value['tick_value']),
    display: value['display'] === '32nds' ? '32nds' : (numberOrNull(value['display']) ?? 2),
    multiplier: decimalOrNull(value['multiplier']),
    preferredSource: toSourceName(value['preferred_source']),
    unit: textOrNull(value['unit']) ?? 'points',
    inverse: value['inverse'] === true,
  };
}

export function decodeSession(value: unknown): MarketSession | null {
  if (!isObject(value)) return null;
  const market = toMarketName(value['market']);
  const isOpen = value['is_open'];
  if (market === null || typeof isOpen !== 'boolean') return null;
  return {
    market,
    title: textOrNull(value['title']) ?? market,
    isOpen,
    phase: textOrNull(value['phase']),
    holiday: textOrNull(value['holiday']),
    nextTransitionAt: toServerTime(value['next_transition_at']),
    tradeDate: textOrNull(value['trade_date']),
    reason: textOrNull(value['reason']),
    timeZone: textOrNull(value['time_zone']),
    confidence: textOrNull(value['confidence']),
  };
}

/** The composite; null when it is malformed. */
export function decodeTotal(value: unknown): Total | null {
  if (!isObject(value)) return null;
  const asOf = toServerTime(value['as_of']);
  const weightSum = numberOrNull(value['signal_weight_sum']);
  const used = numberOrNull(value['n_used']);
  const expected = numberOrNull(value['n_expected']);
  if (asOf === null || weightSum === null || used === null || expected === null) return null;
  const parts = isObject(value['contributions']) ? Object.entries(value['contributions']) : [];
  return {
    signal: decodeSignal(value['signal']),
    weightSum,
    suppressed: value['suppressed'] === true,
    score: numberOrNull(value['score']),
    used,
    live: numberOrNull(value['n_live']) ?? used,
    expected,
    missing: textsOf(value['missing']),
    stale: textsOf(value['stale']),
    contributions: parts.flatMap(([symbol, part]) =>
      typeof part === 'number' ? [{ symbol, value: part }] : [],
    ),
    asOf,
  };
}

/** A notification; null when it is malformed. */
export function decodeNotice(value: unknown): Notice | null {
  if (!isObject(value)) return null;
  const id = numberOrNull(value['id']);
  const title = textOrNull(value['title']);
  if (id === null || title === null) return null;
  return {
    id,
    title,
    kind: textOrNull(value['kind']) ?? '',
    severity: textOrNull(value['severity']) ?? 'info',
    text: textOrNull(value['text']) ?? '',
    acknowledged: typeof value['acknowledged_at'] === 'string',
  };
}

function decodeEach<Item>(value: unknown, decode: (element: unknown) => Item | null): Decoded<Item> {
  const elements = Array.isArray(value) ? value : [value];
  const items: Item[] = [];
  for (const element of elements) {
    const item = decode(element);
    if (item !== null) items.push(item);
  }
  return { items, malformed: elements.length - items.length };
}

/** Decodes one record or an array of them. */
export function decodeQuotes(value: unknown, position: StreamId | null = null): Decoded<Quote> {
  return decodeEach(value, (element) => decodeQuote(element, position));
}

/** Decodes the registry, in its own order. The sort is stable, so rows without an order stay as the server sent them. */
export function decodeInstruments(value: unknown): Decoded<Instrument> {
  const { items, malformed } = decodeEach(value, decodeInstrument);
  return { items: items.toSorted((a, b) => a.order - b.order), malformed };
}

/** Decodes one session or an array of them. */
export function decodeSessions(value: unknown): Decoded<MarketSession> {
  return decodeEach(value, decodeSession);
}

/** The server's clock as stated in a session answer (the first one that states it). */
export function decodeServerNow(value: unknown): ServerTime | null {
  for (const element of Array.isArray(value) ? value : [value]) {
    const now = isObject(element) ? toServerTime(element['now']) : null;
    if (now !== null) return now;
  }
  return null;
}
