// Against values computed by hand, and Wilder's own worked example of the relative strength index.

import { expect, test } from 'vitest';
import type { Bar } from './indicators.ts';
import {
  averageTrueRange,
  barVwap,
  bollingerBands,
  exponentialAverage,
  macd,
  relativeStrength,
  simpleAverage,
} from './indicators.ts';

function bar(time: number, high: number, low: number, close: number, volume = 1): Bar {
  return { time, open: low, high, low, close, volume };
}

test('a simple average begins with its last needed value', () => {
  expect(simpleAverage([1, 2, 3, 4], 3)).toEqual([null, null, 2, 3]);
});

test('an exponential average begins with the simple one', () => {
  expect(exponentialAverage([2, 4, 6, 8], 3)).toEqual([null, null, 4, 6]);
});

test('the bands lie two deviations of the population around the average', () => {
  const { middle, upper, lower } = bollingerBands([1, 3], 2, 2);
  expect([middle, upper, lower]).toEqual([
    [null, 2],
    [null, 4],
    [null, 0],
  ]);
});

test('relative strength is 100 when nothing fell, 0 when nothing rose and 50 when nothing moved', () => {
  expect(relativeStrength([1, 2, 3], 2).at(-1)).toBe(100);
  expect(relativeStrength([3, 2, 1], 2).at(-1)).toBe(0);
  expect(relativeStrength([2, 2, 2], 2)).toEqual([null, null, 50]);
});

test('relative strength agrees with a published series', () => {
  // The series of StockCharts' school with its first value, 70.53.
  const closes = [
    44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.1, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61, 46.28, 46.28,
  ];
  expect(relativeStrength(closes).at(-1)).toBeCloseTo(70.46, 1);
});

test('MACD is the difference of its averages and knows nothing before them', () => {
  const values = Array.from({ length: 40 }, (_, at) => at);
  const { line, signal, histogram } = macd(values);
  expect(line[24]).toBeNull();
  // On a straight line each average lags by (length - 1) / 2.
  expect(line[25]).toBeCloseTo(7, 10);
  expect(signal[32]).toBeNull();
  expect(signal[33]).toBeCloseTo(7, 10);
  expect(histogram[33]).toBeCloseTo(0, 10);
});

test('the true range reaches over a gap', () => {
  const bars = [bar(0, 10, 8, 9), bar(1, 15, 14, 15)];
  expect(averageTrueRange(bars, 1)).toEqual([2, 6]);
});

test('VWAP weighs by volume and begins anew with the day', () => {
  const bars = [bar(0, 3, 3, 3, 0), bar(1, 3, 3, 3, 1), bar(2, 6, 6, 6, 2), bar(3, 9, 9, 9, 1)];
  expect(barVwap(bars, ({ time }) => time === 3)).toEqual([null, 3, 5, 9]);
});
