import { expect, test } from 'vitest';
import { scaleOf, ticksOf } from './lineScale.ts';

test('values are spread over the room, and places lead back', () => {
  const scale = scaleOf([10, 30, 20], 100, 300);
  expect([10, 20, 30].map(scale.place)).toEqual([100, 200, 300]);
  expect(scale.value(250)).toBe(25);
});

test('a single value and none at all have a range too', () => {
  expect(scaleOf([5], 0, 10).place(5)).toBeCloseTo(5);
  expect(scaleOf([0, 0], 0, 10).place(0)).toBe(5);
  expect(scaleOf([], 0, 10).least).toBe(0);
});

test('ticks are round and within the range', () => {
  expect(ticksOf(99_300, 101_200, 5)).toEqual([99_500, 100_000, 100_500, 101_000]);
  expect(ticksOf(-0.031, 0, 5)).toEqual([-0.03, -0.02, -0.01, 0]);
  expect(ticksOf(1, 1, 5)).toEqual([1]);
});
