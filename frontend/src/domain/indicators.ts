// Chart indicators over bars, oldest first. Each answer has one value a bar, null until there are enough bars for one.
// For the eye of the reader only: signals are the server's and are never computed here.

export interface Bar {
  /** Seconds since 1970 UTC. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export type Series = readonly (number | null)[];

/** Mean of the last `length` values. */
export function simpleAverage(values: readonly number[], length: number): Series {
  let sum = 0;
  return values.map((value, at) => {
    sum += value - (at >= length ? (values[at - length] ?? 0) : 0);
    return at >= length - 1 ? sum / length : null;
  });
}

/** Exponential average with weight `2 / (length + 1)`, begun by the simple average of the first `length` values. */
export function exponentialAverage(values: readonly number[], length: number): Series {
  const weight = 2 / (length + 1);
  return smoothed(values, length, weight);
}

/** Wilder's smoothing: the same with weight `1 / length`. */
function wilderAverage(values: readonly number[], length: number): Series {
  return smoothed(values, length, 1 / length);
}

function smoothed(values: readonly number[], length: number, weight: number): Series {
  let average: number | null = null;
  let sum = 0;
  return values.map((value, at) => {
    if (average !== null) average += weight * (value - average);
    else {
      sum += value;
      if (at === length - 1) average = sum / length;
    }
    return average;
  });
}

export interface Bands {
  readonly middle: Series;
  readonly upper: Series;
  readonly lower: Series;
}

/** Bollinger's bands: the simple average and `width` standard deviations (of the population) around it. */
export function bollingerBands(values: readonly number[], length = 20, width = 2): Bands {
  const middle = simpleAverage(values, length);
  const deviation = middle.map((mean, at) => {
    if (mean === null) return null;
    const squares = values
      .slice(at - length + 1, at + 1)
      .reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return width * Math.sqrt(squares / length);
  });
  const shifted = (sign: number) =>
    middle.map((mean, at) => (mean === null ? null : mean + sign * (deviation[at] ?? 0)));
  return { middle, upper: shifted(1), lower: shifted(-1) };
}

/** Wilder's relative strength index, 0 to 100. A price that never moved stands at 50. */
export function relativeStrength(values: readonly number[], length = 14): Series {
  const moves = values.slice(1).map((value, at) => value - (values[at] ?? value));
  const gains = wilderAverage(
    moves.map((move) => Math.max(0, move)),
    length,
  );
  const losses = wilderAverage(
    moves.map((move) => Math.max(0, -move)),
    length,
  );
  const index = gains.map((gain, at) => {
    const loss = losses[at] ?? null;
    if (gain === null || loss === null) return null;
    return gain + loss === 0 ? 50 : (100 * gain) / (gain + loss);
  });
  return [null, ...index].slice(0, values.length);
}

export interface Macd {
  readonly line: Series;
  readonly signal: Series;
  readonly histogram: Series;
}

/** Appel's MACD: the difference of two exponential averages, the average of that, and the difference of the two. */
export function macd(values: readonly number[], fast = 12, slow = 26, smoothing = 9): Macd {
  const quick = exponentialAverage(values, fast);
  const slowly = exponentialAverage(values, slow);
  const line = quick.map((value, at) => {
    const other = slowly[at] ?? null;
    return value === null || other === null ? null : value - other;
  });
  const begins = line.findIndex((value) => value !== null);
  if (begins < 0) return { line, signal: line, histogram: line };
  const known = line.slice(begins).map((value) => value ?? 0);
  const signal = [...Array<null>(begins).fill(null), ...exponentialAverage(known, smoothing)];
  const histogram = line.map((value, at) => {
    const other = signal[at] ?? null;
    return value === null || other === null ? null : value - other;
  });
  return { line, signal, histogram };
}

/** Wilder's average true range. The first bar's range is its own, since nothing is known before it. */
export function averageTrueRange(bars: readonly Bar[], length = 14): Series {
  const ranges = bars.map(({ high, low }, at) => {
    const before = bars[at - 1]?.close;
    if (before === undefined) return high - low;
    return Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
  });
  return wilderAverage(ranges, length);
}

/** Volume-weighted average of the bars' typical prices, begun anew where `startsDay` says so; null before any volume. */
export function barVwap(bars: readonly Bar[], startsDay: (bar: Bar, before: Bar | null) => boolean): Series {
  let value = 0;
  let volume = 0;
  return bars.map((bar, at) => {
    if (startsDay(bar, bars[at - 1] ?? null)) {
      value = 0;
      volume = 0;
    }
    value += ((bar.high + bar.low + bar.close) / 3) * bar.volume;
    volume += bar.volume;
    return volume === 0 ? null : value / volume;
  });
}
