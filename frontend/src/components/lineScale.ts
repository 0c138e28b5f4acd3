// From values to places on a drawing, and the round numbers beside it.

export interface Scale {
  readonly least: number;
  readonly most: number;
  place(value: number): number;
  value(place: number): number;
}

/** The values' range spread from one place to another; a single value lies in the middle of a range around it. */
export function scaleOf(values: readonly number[], from: number, to: number): Scale {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (!(least <= most)) [least, most] = [0, 1];
  if (least === most) {
    const around = Math.abs(least) * 0.01 || 1;
    [least, most] = [least - around, most + around];
  }
  const size = (to - from) / (most - least);
  return {
    least,
    most,
    place: (value) => from + (value - least) * size,
    value: (place) => least + (place - from) / size,
  };
}

/** About `count` round numbers within a range: steps of 1, 2 or 5 and zeros. */
export function ticksOf(least: number, most: number, count: number): readonly number[] {
  const raw = (most - least) / count;
  if (!(raw > 0)) return [least];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const ticks: number[] = [];
  for (let n = Math.ceil(least / step - 1e-9); n * step <= most + step * 1e-9; n += 1)
    ticks.push(Number((n * step).toPrecision(12)));
  return ticks;
}
