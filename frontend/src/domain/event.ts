// The canonical quote event. Made by `./thor docs` from the core's table of fields; not edited by hand.

export interface QuoteEvent {
  /** The integer 1. */
  readonly v: 1;
  /** Canonical symbol, `[A-Z0-9$][A-Z0-9.$_/-]{0,31}`. */
  readonly symbol: string;
  /** ISO 8601 with a zone, or epoch milliseconds as a number. */
  readonly ts: string;
  /** Registered source name. */
  readonly source: string;
  /** Finite number. */
  readonly last: number | null;
  /** Finite number. */
  readonly bid: number | null;
  /** Finite number. */
  readonly ask: number | null;
  /** Integer 0 to 2^31-1. */
  readonly lastSize: number | null;
  /** Integer 0 to 2^31-1. */
  readonly bidSize: number | null;
  /** Integer 0 to 2^31-1. */
  readonly askSize: number | null;
  /** Integer 0 to 2^63-1. */
  readonly seq: number | null;
  /** String up to 64 characters, without U+0000. */
  readonly condition: string | null;
  /** String up to 64 characters, without U+0000. */
  readonly venue: string | null;
  /** Object up to 4 KiB and 16 levels, kept as it came. */
  readonly meta: Readonly<Record<string, unknown>> | null;
}
