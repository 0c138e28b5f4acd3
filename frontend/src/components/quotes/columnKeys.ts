// The names of the columns that quotes can be listed in, and what a list can be sorted by.

export const COLUMN_KEYS = [
  'signal',
  'last',
  'change',
  'percent',
  'bid',
  'ask',
  'spread',
  'volume',
  'vwap',
  'day',
  'range24h',
  'range52w',
  'trend',
  'age',
  'source',
  'open',
  'high',
  'low',
  'close',
  'vwap30m',
  'spreadTicks',
  'weight',
  'statValue',
  'tickValue',
  'contractValue',
  'contract',
  'category',
] as const;
/** Every column but the symbol, which is always there and first. */
export type ColumnKey = (typeof COLUMN_KEYS)[number];

export const FIRST_COLUMNS: readonly ColumnKey[] = COLUMN_KEYS.slice(0, 15);

export interface Sort {
  readonly column: ColumnKey | 'symbol';
  readonly descending: boolean;
}
