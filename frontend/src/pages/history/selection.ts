// What the reader looks at: one symbol, on one date or on every date in sight.

export interface Selection {
  readonly symbol: string;
  /** The half-open span of instants, ISO 8601. */
  readonly span: { readonly start: string; readonly end: string };
  /** The span in words: `Tue, Nov 24, 2026`. */
  readonly name: string;
  /** For a file's name: `2026-11-24`. */
  readonly shortName: string;
  /** Without the rows that a check spoils. */
  readonly clean: boolean;
  /** Ticks of it in the lake, where that is all there is; null when nobody has counted. */
  readonly rows: number | null;
}
