// Addresses of pages that others lead to.

import { createContext } from 'react';
import type { InstrumentSymbol } from '../domain/nominal.ts';

export const SYMBOL_PATH = '/symbol/:symbol';

export function symbolAddress(symbol: InstrumentSymbol | string): string {
  return `/symbol/${encodeURIComponent(symbol)}`;
}

/** Where the symbols of a list lead: to their own pages, unless the page around them knows better. */
export const SymbolAddress = createContext<(symbol: InstrumentSymbol) => string>(symbolAddress);

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

export const ALERTS_PATH = '/alerts';

/** Where a new alert rule on a symbol is begun. */
export function newAlertAddress(symbol: InstrumentSymbol | string): string {
  return `${ALERTS_PATH}?symbol=${encodeURIComponent(symbol)}`;
}
