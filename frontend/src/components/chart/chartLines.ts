// The indicators that the reader can lay over the chart, and what each of them draws.

import type { Bar, Series } from '../../domain/indicators.ts';
import {
  averageTrueRange,
  barVwap,
  bollingerBands,
  exponentialAverage,
  macd,
  relativeStrength,
  simpleAverage,
} from '../../domain/indicators.ts';
import type { ChartColours } from './chartColours.ts';

export const INDICATORS = ['vwap', 'sma', 'ema', 'bollinger', 'rsi', 'macd', 'atr'] as const;
export type Indicator = (typeof INDICATORS)[number];

export const INDICATOR_NAMES: Readonly<Record<Indicator, string>> = {
  vwap: 'VWAP of the bars',
  sma: 'SMA 20, 50',
  ema: 'EMA 12, 26',
  bollinger: 'Bollinger 20, 2',
  rsi: 'RSI 14',
  macd: 'MACD 12, 26, 9',
  atr: 'ATR 14',
};

export interface ChartLine {
  readonly kind: 'line' | 'bars';
  /** 0 lies over the prices; others stand below, each under its own number. */
  readonly pane: number;
  readonly title: string;
  readonly colour: string;
  readonly dashed: boolean;
  readonly values: readonly { readonly time: number; readonly value: number | null }[];
}

/** The lines of the chosen indicators. `startsDay` says with which bar a trade date begins. */
export function indicatorLines(
  chosen: readonly Indicator[],
  bars: readonly Bar[],
  colours: ChartColours,
  startsDay: (bar: Bar, before: Bar | null) => boolean,
): readonly ChartLine[] {
  const closes = bars.map(({ close }) => close);
  const line = (
    title: string,
    series: Series,
    colour: string,
    { pane = 0, kind = 'line', dashed = false }: Partial<ChartLine> = {},
  ): ChartLine => ({
    title,
    colour,
    pane,
    kind,
    dashed,
    values: bars.map(({ time }, at) => ({ time, value: series[at] ?? null })),
  });
  let panes = 0;
  const ownPane = () => {
    panes += 1;
    return panes;
  };

  function linesOf(indicator: Indicator): readonly ChartLine[] {
    switch (indicator) {
      case 'vwap':
        return [line('VWAP', barVwap(bars, startsDay), colours.notice)];
      case 'sma':
        return [
          line('SMA 20', simpleAverage(closes, 20), colours.accent),
          line('SMA 50', simpleAverage(closes, 50), colours.wait),
        ];
      case 'ema':
        return [
          line('EMA 12', exponentialAverage(closes, 12), colours.good, { dashed: true }),
          line('EMA 26', exponentialAverage(closes, 26), colours.wait, { dashed: true }),
        ];
      case 'bollinger': {
        const { upper, middle, lower } = bollingerBands(closes);
        return [
          line('', upper, colours.textSoft),
          line('BB', middle, colours.textSoft, { dashed: true }),
          line('', lower, colours.textSoft),
        ];
      }
      case 'rsi':
        return [line('RSI', relativeStrength(closes), colours.accent, { pane: ownPane() })];
      case 'macd': {
        const pane = ownPane();
        const { line: difference, signal, histogram } = macd(closes);
        return [
          line('', histogram, colours.lineStrong, { pane, kind: 'bars' }),
          line('MACD', difference, colours.accent, { pane }),
          line('signal', signal, colours.wait, { pane }),
        ];
      }
      case 'atr':
        return [line('ATR', averageTrueRange(bars), colours.notice, { pane: ownPane() })];
    }
  }

  return INDICATORS.filter((indicator) => chosen.includes(indicator)).flatMap(linesOf);
}
