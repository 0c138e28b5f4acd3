// Nominal types: values that share a representation but must never be mixed up.
// Only the functions below may turn a plain value into a nominal one.

declare const kind: unique symbol;

type Nominal<Value, Kind extends string> = Value & { readonly [kind]: Kind };

/** Canonical symbol of an instrument, such as `ES`. */
export type InstrumentSymbol = Nominal<string, 'InstrumentSymbol'>;
/** A price as the server wrote it, in the instrument's own precision (`118'10`). Drawn as it is, never computed with. */
export type PriceText = Nominal<string, 'PriceText'>;
/** An instant on the server's clock, in milliseconds since 1970 UTC. */
export type ServerTime = Nominal<number, 'ServerTime'>;
/** An instant on this browser's monotonic clock, in milliseconds. Meaningless beside a `ServerTime`. */
export type LocalTime = Nominal<number, 'LocalTime'>;
/** Name of a quote source, such as `TOS`. */
export type SourceName = Nominal<string, 'SourceName'>;
/** Name of a market whose hours an instrument follows, such as `GLOBEX`. */
export type MarketName = Nominal<string, 'MarketName'>;
/** Position in the unified stream, `<milliseconds>-<sequence>`. */
export type StreamId = Nominal<string, 'StreamId'>;

const SYMBOL = /^[A-Z0-9$][A-Z0-9.$_/-]{0,31}$/;
const STREAM_ID = /^\d+-\d+$/;
const ZONED_TIME = /(?:Z|[+-]\d\d:?\d\d)$/;

export function toSymbol(value: unknown): InstrumentSymbol | null {
  return typeof value === 'string' && SYMBOL.test(value) ? (value as InstrumentSymbol) : null;
}

export function toPriceText(value: unknown): PriceText | null {
  return typeof value === 'string' && value !== '' ? (value as PriceText) : null;
}

/** Reads an ISO 8601 instant. One without a zone is refused: it would be read as this browser's local time. */
export function toServerTime(value: unknown): ServerTime | null {
  if (typeof value !== 'string' || !ZONED_TIME.test(value)) return null;
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? null : (milliseconds as ServerTime);
}

export function serverTime(milliseconds: number): ServerTime {
  return milliseconds as ServerTime;
}

export function localTime(milliseconds: number): LocalTime {
  return milliseconds as LocalTime;
}

export function toSourceName(value: unknown): SourceName | null {
  return typeof value === 'string' && value !== '' ? (value as SourceName) : null;
}

export function toMarketName(value: unknown): MarketName | null {
  return typeof value === 'string' && value !== '' ? (value as MarketName) : null;
}

export function toStreamId(value: unknown): StreamId | null {
  return typeof value === 'string' && STREAM_ID.test(value) ? (value as StreamId) : null;
}
