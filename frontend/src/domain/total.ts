// TOTAL: the composite of every symbol's signal, as the server computes it.

import type { ServerTime } from './nominal.ts';
import type { Signal } from './quote.ts';

export interface Contribution {
  readonly symbol: string;
  /** What the symbol adds to the score before it is divided by the weights. */
  readonly value: number;
}

export interface Total {
  readonly signal: Signal | null;
  /** The sum of the signal weights: what the class is decided by. */
  readonly weightSum: number;
  /** Whether a strong class was made a plain one because too few symbols are live. */
  readonly suppressed: boolean;
  /** From -2 to 2, without a unit; null without any signal. */
  readonly score: number | null;
  readonly used: number;
  readonly live: number;
  readonly expected: number;
  readonly missing: readonly string[];
  readonly stale: readonly string[];
  /** In display order. */
  readonly contributions: readonly Contribution[];
  readonly asOf: ServerTime;
}
