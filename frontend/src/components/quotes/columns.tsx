// The columns of the live page: what each shows, what it is sorted by, and what of it goes into a CSV file.
// Every text is the server's; the numbers beside them only order and place.

import type { ReactNode } from 'react';
import type { Instrument } from '../../domain/instrument.ts';
import type { Quote } from '../../domain/quote.ts';
import { isMock } from '../../domain/staleness.ts';
import { Arrow, directionOf } from '../Direction.tsx';
import { NOTHING, Price, PriceWithSize } from '../Price.tsx';
import { RangeBar } from '../RangeBar.tsx';
import { SignalChip } from '../SignalChip.tsx';
import { Trend } from '../Trend.tsx';
import type { Row } from '../useRow.ts';
import type { ColumnKey } from './columnKeys.ts';
import { RowSource } from './RowSource.tsx';

export interface Column {
  readonly title: string;
  /** The title in the column chooser, where the grid's is short. */
  readonly fullTitle?: string;
  /** In rem. */
  readonly width: number;
  readonly align: 'start' | 'end' | 'middle';
  /** What rows are ordered by; rows with null are last in either direction. */
  sortValue(quote: Quote, instrument: Instrument): number | string | null;
  /** What a CSV file holds; an empty text for null. */
  csv(quote: Quote, instrument: Instrument): string | number | null;
  draw(row: Row, instrument: Instrument): ReactNode;
}

const COUNT = new Intl.NumberFormat('en-US');
const MONEY = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 2,
});

function signed(quote: Quote, text: string | null, suffix = ''): ReactNode {
  const direction = directionOf(quote.change);
  return (
    <span data-direction={direction}>
      {suffix === '' && <Arrow direction={direction} />}
      {text === null ? NOTHING : `${text}${suffix}`}
    </span>
  );
}

/** A column that shows one of the server's texts as it is. */
function textColumn(
  title: string,
  width: number,
  text: (quote: Quote) => string | null,
  number: (quote: Quote) => number | null,
): Column {
  return {
    title,
    width,
    align: 'end',
    sortValue: number,
    csv: text,
    draw: ({ quote }) => text(quote) ?? NOTHING,
  };
}

const SIGNAL_ORDER = { STRONG_BUY: 2, BUY: 1, HOLD: 0, SELL: -1, STRONG_SELL: -2 } as const;

const priceNumber = (text: string | null) => {
  const number = text === null ? Number.NaN : Number(text);
  return Number.isNaN(number) ? null : number;
};

export const COLUMNS: Readonly<Record<ColumnKey, Column>> = {
  signal: {
    title: 'Signal',
    width: 6.6,
    align: 'start',
    sortValue: ({ signal }) => (signal === null ? null : SIGNAL_ORDER[signal]),
    csv: ({ signal }) => signal,
    draw: ({ quote, old }) => (
      <SignalChip
        signal={quote.signal}
        statValue={quote.statValue}
        signalWeight={quote.signalWeight}
        muted={old}
      />
    ),
  },
  last: {
    title: 'Last',
    width: 6.25,
    align: 'end',
    sortValue: ({ last }) => last,
    csv: ({ display }) => display.last,
    draw: ({ quote }) => <Price text={quote.display.last} value={quote.last} size="large" />,
  },
  change: {
    title: 'Change',
    width: 4.8,
    align: 'end',
    sortValue: ({ change }) => change,
    csv: ({ display }) => display.change,
    draw: ({ quote }) => signed(quote, quote.display.change),
  },
  percent: {
    title: 'Chg %',
    fullTitle: 'Change %',
    width: 4.1,
    align: 'end',
    sortValue: ({ changePercent }) => changePercent,
    csv: ({ display }) => display.changePercent,
    draw: ({ quote }) => signed(quote, quote.display.changePercent, '%'),
  },
  bid: {
    title: 'Bid × size',
    width: 7.3,
    align: 'end',
    sortValue: ({ bid }) => bid,
    csv: ({ display }) => display.bid,
    draw: ({ quote }) => (
      <PriceWithSize text={quote.display.bid} value={quote.bid} quantity={quote.bidSize} />
    ),
  },
  ask: {
    title: 'Ask × size',
    width: 7.3,
    align: 'end',
    sortValue: ({ ask }) => ask,
    csv: ({ display }) => display.ask,
    draw: ({ quote }) => (
      <PriceWithSize text={quote.display.ask} value={quote.ask} quantity={quote.askSize} />
    ),
  },
  spread: textColumn(
    'Spread',
    3.5,
    ({ display }) => display.spread,
    ({ spread }) => spread,
  ),
  volume: {
    title: 'Volume',
    width: 5.3,
    align: 'end',
    sortValue: ({ volume }) => volume,
    csv: ({ volume }) => volume,
    draw: ({ quote }) => (quote.volume === null ? NOTHING : COUNT.format(quote.volume)),
  },
  vwap: textColumn(
    'VWAP',
    4.9,
    ({ display }) => display.vwap,
    ({ vwap }) => vwap,
  ),
  day: {
    title: 'Day range',
    width: 4.25,
    align: 'middle',
    sortValue: ({ last, low, high }) => place(last, low, high),
    csv: ({ display }) => rangeText(display.low, display.high),
    draw: ({ quote }) => (
      <RangeBar
        last={quote.last}
        open={quote.open}
        low={quote.low}
        high={quote.high}
        lowText={quote.display.low}
        highText={quote.display.high}
      />
    ),
  },
  range24h: {
    title: '24 h',
    fullTitle: '24-hour range',
    width: 4.25,
    align: 'middle',
    sortValue: ({ last, low24h, high24h }) => place(last, low24h, high24h),
    csv: ({ display }) => rangeText(display.low24h, display.high24h),
    draw: ({ quote }) => (
      <RangeBar
        last={quote.last}
        low={quote.low24h}
        high={quote.high24h}
        lowText={quote.display.low24h}
        highText={quote.display.high24h}
      />
    ),
  },
  range52w: {
    title: '52 weeks',
    fullTitle: '52-week range',
    width: 4.25,
    align: 'middle',
    sortValue: ({ last, low52w, high52w }) => place(last, low52w, high52w),
    csv: ({ display }) => rangeText(display.low52w, display.high52w),
    draw: ({ quote }) => (
      <RangeBar
        last={quote.last}
        low={quote.low52w}
        high={quote.high52w}
        lowText={quote.display.low52w}
        highText={quote.display.high52w}
      />
    ),
  },
  trend: {
    title: 'Last hour',
    width: 4.3,
    align: 'middle',
    sortValue: ({ changePercent }) => changePercent,
    csv: () => null,
    draw: ({ quote }) => <Trend symbol={quote.symbol} mock={isMock(quote)} />,
  },
  age: {
    title: 'Age',
    width: 3.4,
    align: 'end',
    sortValue: ({ updatedAt }) => -updatedAt,
    csv: ({ updatedAt }) => new Date(updatedAt).toISOString(),
    draw: ({ age }) => age,
  },
  source: {
    title: 'Source',
    width: 5,
    align: 'start',
    sortValue: ({ activeSource }) => activeSource,
    csv: ({ activeSource, marks }) => [activeSource, ...marks].join(' '),
    draw: ({ quote, marks }, instrument) => (
      <RowSource instrument={instrument} source={quote.activeSource} marks={marks} />
    ),
  },
  open: textColumn(
    'Open',
    5.5,
    ({ display }) => display.open,
    ({ open }) => open,
  ),
  high: textColumn(
    'High',
    5.5,
    ({ display }) => display.high,
    ({ high }) => high,
  ),
  low: textColumn(
    'Low',
    5.5,
    ({ display }) => display.low,
    ({ low }) => low,
  ),
  close: {
    ...textColumn(
      'Prev. settle',
      6,
      ({ display }) => display.close,
      ({ display }) => priceNumber(display.close),
    ),
    fullTitle: 'Previous settlement',
  },
  vwap30m: {
    ...textColumn(
      'VWAP 30 m',
      5.5,
      ({ display }) => display.vwap30m,
      ({ display }) => priceNumber(display.vwap30m),
    ),
    fullTitle: 'VWAP of 30 minutes',
  },
  spreadTicks: {
    title: 'Ticks',
    fullTitle: 'Spread in ticks',
    width: 3.5,
    align: 'end',
    sortValue: ({ spreadTicks }) => spreadTicks,
    csv: ({ spreadTicks }) => spreadTicks,
    draw: ({ quote }) => quote.spreadTicks ?? NOTHING,
  },
  weight: {
    title: 'Weight',
    fullTitle: 'Weight in TOTAL',
    width: 4,
    align: 'end',
    sortValue: ({ contractWeight }) => contractWeight,
    csv: ({ contractWeight }) => contractWeight,
    draw: ({ quote }) => quote.contractWeight ?? NOTHING,
  },
  statValue: {
    title: 'Stat value',
    width: 5,
    align: 'end',
    sortValue: ({ statValue }) => statValue,
    csv: ({ statValue }) => statValue,
    draw: ({ quote }, { unit }) =>
      quote.statValue === null ? NOTHING : `${quote.statValue}${unit === 'points' ? '' : ` ${unit}`}`,
  },
  tickValue: {
    title: 'Tick value',
    width: 5,
    align: 'end',
    sortValue: ({ tickValue }) => tickValue,
    csv: ({ tickValue }) => tickValue,
    draw: ({ quote }) => (quote.tickValue === null ? NOTHING : MONEY.format(quote.tickValue)),
  },
  contractValue: {
    title: 'Contract value',
    width: 7,
    align: 'end',
    sortValue: ({ contractValue }) => contractValue,
    csv: ({ contractValue }) => contractValue,
    draw: ({ quote }) => (quote.contractValue === null ? NOTHING : MONEY.format(quote.contractValue)),
  },
  contract: {
    title: 'Contract',
    width: 5,
    align: 'start',
    sortValue: ({ contract }) => contract,
    csv: ({ contract }) => contract,
    draw: ({ quote }) => quote.contract ?? NOTHING,
  },
  category: {
    title: 'Category',
    width: 7,
    align: 'start',
    sortValue: (_, { category }) => category,
    csv: (_, { category }) => category,
    draw: (_, { category }) => category ?? NOTHING,
  },
};

function place(value: number | null, low: number | null, high: number | null): number | null {
  return value === null || low === null || high === null || high <= low ? null : (value - low) / (high - low);
}

function rangeText(low: string | null, high: string | null): string | null {
  return low === null && high === null ? null : `${low ?? ''}..${high ?? ''}`;
}
