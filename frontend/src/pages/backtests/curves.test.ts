import { expect, test } from 'vitest';
import { drawdownOf, grownOf } from './curves.ts';

test('a drawdown is below the highest so far, which the start may be', () => {
  const found = drawdownOf(
    [
      [0, 90],
      [1, 120],
      [2, 60],
      [3, 150],
    ],
    100,
  );
  expect(found.map(([, value]) => value)).toEqual([90 / 100 - 1, 0, -0.5, 0]);
});

test('curves with different money are compared from 1', () => {
  expect(grownOf([[0, 110]], 100)).toEqual([[0, 1.1]]);
});
