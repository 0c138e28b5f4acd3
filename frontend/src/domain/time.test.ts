import { expect, test } from 'vitest';
import { formatAge, formatCountdown } from './time.ts';

test.each([
  [-5, 'now'],
  [0, 'now'],
  [999, 'now'],
  [1_000, '1s'],
  [59_999, '59s'],
  [60_000, '1m 00s'],
  [245_000, '4m 05s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 00m'],
  [11_520_000, '3h 12m'],
  [86_400_000, '1d 00h'],
  [187_200_000, '2d 04h'],
])('an age of %i ms reads %s', (milliseconds, text) => {
  expect(formatAge(milliseconds)).toBe(text);
});

test.each([
  [-1, '00:00:00'],
  [0, '00:00:00'],
  [1, '00:00:01'],
  [11_564_000, '03:12:44'],
  [86_400_000, '1d 00:00:00'],
  [190_983_000, '2d 05:03:03'],
])('%i ms left read %s', (milliseconds, text) => {
  expect(formatCountdown(milliseconds)).toBe(text);
});
