import { expect, test } from 'vitest';
import { fittingIntervals, intervalFor } from './interval.ts';

const day = { start: '2026-11-23T23:00:00Z', end: '2026-11-24T22:00:00Z' };
const month = { start: '2026-10-24T22:00:00Z', end: '2026-11-24T22:00:00Z' };

test('a day is drawn in minutes, a month in hours', () => {
  expect(intervalFor(day, null)).toBe('1m');
  expect(intervalFor(month, null)).toBe('1h');
});

test('a choice holds where the chart can bear it', () => {
  expect(intervalFor(day, '5m')).toBe('5m');
  expect(intervalFor(day, '1s')).toBe('1m');
  expect(fittingIntervals(month)).toEqual(['1h', '1d']);
});
