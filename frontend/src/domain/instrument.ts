// An instrument of the server's registry. The registry's order is the order of every list here.

import type { InstrumentSymbol, MarketName } from './nominal.ts';

export interface Instrument {
  readonly symbol: InstrumentSymbol;
  readonly name: string;
  readonly assetClass: string;
  readonly exchange: string;
  readonly market: MarketName;
  readonly order: number;
}
