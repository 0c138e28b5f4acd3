// Addresses of pages that others lead to.

import { createContext } from 'react';
import type { InstrumentSymbol } from '../domain/nominal.ts';

export const SYMBOL_PATH = '/symbol/:symbol';

export function symbolAddress(symbol: InstrumentSymbol | string): string {
  return `/symbol/${encodeURIComponent(symbol)}`;
}

/** Where the symbols of a list lead: to their own pages, unless the page around them knows better. */
export const SymbolAddress = createContext<(symbol: InstrumentSymbol) => string>(symbolAddress);
