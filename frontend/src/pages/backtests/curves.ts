// What is made of an equity curve for drawing: how far below its highest it is, and how it compares from a common start.

import type { Point } from '../../components/LineChart.tsx';

/** The share below the highest worth so far, 0 or less. `start` is the money before the first point. */
export function drawdownOf(points: readonly Point[], start: number): readonly Point[] {
  let highest = start;
  return points.map(([at, worth]) => {
    highest = Math.max(highest, worth);
    return [at, highest > 0 ? worth / highest - 1 : 0];
  });
}

/** The worth of 1 at the start. */
export function grownOf(points: readonly Point[], start: number): readonly Point[] {
  return points.map(([at, worth]) => [at, start === 0 ? 1 : worth / start]);
}
