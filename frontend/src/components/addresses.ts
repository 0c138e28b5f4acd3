// Addresses of pages that others lead to.

import type { InstrumentSymbol } from '../domain/nominal.ts';

export const SYMBOL_PATH = '/symbol/:symbol';

export function symbolAddress(symbol: InstrumentSymbol | string): string {
  return `/symbol/${encodeURIComponent(symbol)}`;
}

export const BACKTESTS_PATH = '/backtests';
export const RUN_PATH = '/backtests/runs/:run';
export const SWEEP_PATH = '/backtests/sweeps/:sweep';
export const COMPARE_PATH = '/backtests/compare';

export function runAddress(run: number): string {
  return `/backtests/runs/${run}`;
}

export function sweepAddress(sweep: number): string {
  return `/backtests/sweeps/${sweep}`;
}

export function compareAddress(runs: readonly number[]): string {
  return `${COMPARE_PATH}?ids=${runs.join(',')}`;
}
