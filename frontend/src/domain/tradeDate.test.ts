import { expect, test } from 'vitest';
import { datesBetween, isTradeDate, isWeekend, laterDate, longDate, monthName } from './tradeDate.ts';

test('dates go on over months, leap days and changes of the clock', () => {
  expect(datesBetween('2024-02-27', '2024-03-01')).toEqual([
    '2024-02-27',
    '2024-02-28',
    '2024-02-29',
    '2024-03-01',
  ]);
  expect(datesBetween('2026-11-02', '2026-11-01')).toEqual([]);
  expect(laterDate('2026-03-08', -7)).toBe('2026-03-01');
});

test('what is no date is none', () => {
  expect(['2026-02-30', '2026-2-3', '', 'today', '2026-13-01'].map(isTradeDate)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(isTradeDate('2026-11-24')).toBe(true);
});

test('a date is told with its weekday and knows the weekend', () => {
  expect(longDate('2026-11-24')).toBe('Tue, Nov 24, 2026');
  expect(monthName('2026-11')).toBe('Nov 2026');
  expect(isWeekend('2026-11-22')).toBe(true);
  expect(isWeekend('2026-11-23')).toBe(false);
});
