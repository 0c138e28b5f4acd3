import { expect, test } from 'vitest';
import { backoffDelay } from './backoff.ts';

test('doubles from half a second to thirty seconds', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoffDelay(failures, 0))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test('takes off up to half by chance, never below half a second', () => {
  expect(backoffDelay(1, 0.999_999)).toBeGreaterThanOrEqual(500);
  expect(backoffDelay(1, 0.999_999)).toBeLessThan(501);
  expect(backoffDelay(10, 0.5)).toBe(22_500);
});
