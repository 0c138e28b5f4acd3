// Addresses of pages that others lead to.

import type { InstrumentSymbol } from '../domain/nominal.ts';

export const SYMBOL_PATH = '/symbol/:symbol';

export function symbolAddress(symbol: InstrumentSymbol | string): string {
  return `/symbol/${encodeURIComponent(symbol)}`;
}
