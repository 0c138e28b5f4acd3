// An instrument of the server's registry. The registry's order is the order of every list here.

import type { InstrumentSymbol, MarketName, SourceName } from './nominal.ts';
import type { PriceDisplay } from './priceAxis.ts';

export interface Instrument {
  readonly symbol: InstrumentSymbol;
  readonly name: string;
  /** Such as `Equity indices`; null where the registry has none. */
  readonly category: string | null;
  readonly assetClass: string;
  readonly exchange: string;
  readonly market: MarketName;
  readonly order: number;
  /** The least step of its price in points, and what one step of one contract is worth in USD; null when unknown. */
  readonly tick: number | null;
  readonly tickValue: number | null;
  /** How its prices are written. */
  readonly display: PriceDisplay;
  /** What one point of one contract is worth in USD. */
  readonly multiplier: number | null;
  readonly preferredSource: SourceName | null;
  /** The unit of its thresholds, such as `1/32`. */
  readonly unit: string;
  readonly inverse: boolean;
}
