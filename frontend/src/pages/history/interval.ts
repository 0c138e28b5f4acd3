// Which interval suits a span: a chart with more bars than this grows slow and shows no more.

export const INTERVALS = ['1s', '1m', '5m', '1h', '1d'] as const;
export type Interval = (typeof INTERVALS)[number];

const MOST_BARS = 5_000;
const GOOD_BARS = 1_500;
const SECONDS: Readonly<Record<Interval, number>> = {
  '1s': 1,
  '1m': 60,
  '5m': 300,
  '1h': 3_600,
  '1d': 86_400,
};

interface Span {
  readonly start: string;
  readonly end: string;
}

function barsOf({ start, end }: Span, interval: Interval): number {
  return (Date.parse(end) - Date.parse(start)) / 1_000 / SECONDS[interval];
}

/** The intervals of which the span does not have too many bars. */
export function fittingIntervals(span: Span): readonly Interval[] {
  return INTERVALS.filter((interval) => barsOf(span, interval) <= MOST_BARS);
}

/** The reader's choice where it fits, else the finest that is drawn well. */
export function intervalFor(span: Span, chosen: Interval | null): Interval {
  if (chosen !== null && fittingIntervals(span).includes(chosen)) return chosen;
  return INTERVALS.find((interval) => barsOf(span, interval) <= GOOD_BARS) ?? '1d';
}
