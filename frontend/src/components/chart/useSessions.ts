// Which trade date and phase each bar of the chart belongs to, by the market's calendar, and the shading made of it.

import { useCallback, useMemo } from 'react';
import type { Bar } from '../../domain/indicators.ts';
import type { MarketName } from '../../domain/nominal.ts';
import { toServerTime } from '../../domain/nominal.ts';
import type { Answer } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import type { Shade } from './sessionShading.ts';

/** The calendar is asked for at most this many days. */
const MOST_DAYS = 300;
const DAY_S = 86_400;
const REGULAR = new Set(['open', 'regular']);

type Calendar = Answer<'/api/markets/{market}/calendar'>;

interface Span {
  readonly from: number;
  readonly to: number;
  readonly date: string;
  readonly regular: boolean;
}

/** The calendar's phases in order, in seconds UTC. */
export function spansOf(calendar: Calendar): readonly Span[] {
  return calendar.days
    .flatMap(({ date, phases }) =>
      phases.map(({ phase, starts_at, ends_at }) => ({
        from: (toServerTime(starts_at) ?? 0) / 1_000,
        to: (toServerTime(ends_at) ?? 0) / 1_000,
        date,
        regular: REGULAR.has(phase),
      })),
    )
    .toSorted((a, b) => a.from - b.from);
}

/** The span of each bar, null outside all of them. Both are in order, so one walk finds all. */
function spanOfEach(bars: readonly Bar[], spans: readonly Span[]): readonly (Span | null)[] {
  let place = 0;
  return bars.map(({ time }) => {
    while (place < spans.length && (spans[place]?.to ?? 0) <= time) place += 1;
    const span = spans[place];
    return span !== undefined && span.from <= time ? span : null;
  });
}

/** Runs of bars that share a ground. */
export function shadesOf(bars: readonly Bar[], spans: readonly Span[]): readonly Shade[] {
  const dates = [...new Set(spans.map(({ date }) => date))];
  const kinds = spanOfEach(bars, spans).map((span): Shade['kind'] | null => {
    if (span === null || !span.regular) return 'outside';
    return dates.indexOf(span.date) % 2 === 1 ? 'other-day' : null;
  });
  const shades: Shade[] = [];
  bars.forEach(({ time }, at) => {
    const kind = kinds[at] ?? null;
    if (kind === null) return;
    const open = shades.at(-1);
    if (open !== undefined && at > 0 && kinds[at - 1] === kind)
      shades[shades.length - 1] = { ...open, to: time };
    else shades.push({ from: time, to: time, kind });
  });
  return shades;
}

const dateText = (seconds: number) => new Date(seconds * 1_000).toISOString().slice(0, 10);

interface Sessions {
  readonly shades: readonly Shade[];
  startsDay(bar: Bar, before: Bar | null): boolean;
}

/** `market` null: it is not known, and nothing is shaded. Bars of a day each have no phases. */
export function useSessions(market: MarketName | null, bars: readonly Bar[], isDaily: boolean): Sessions {
  const first = bars[0]?.time ?? null;
  const last = bars.at(-1)?.time ?? null;
  const fits =
    market !== null && first !== null && last !== null && last - first < MOST_DAYS * DAY_S && !isDaily;
  // A trade date may begin the evening before its date.
  const query = fits ? { from: dateText(first - DAY_S), to: dateText(last + DAY_S) } : { from: '', to: '' };
  const { data } = useApi('/api/markets/{market}/calendar', {
    path: { market: market ?? '' },
    query,
    when: fits,
  });
  const spans = useMemo(() => (data === undefined ? [] : spansOf(data)), [data]);
  const shades = useMemo(() => (spans.length === 0 ? [] : shadesOf(bars, spans)), [bars, spans]);
  const starts = useMemo(() => {
    const dates = new Map<string, number>();
    for (const { date, from } of spans) dates.set(date, Math.min(from, dates.get(date) ?? from));
    return [...dates.values()];
  }, [spans]);
  const startsDay = useCallback(
    (bar: Bar, before: Bar | null) =>
      before === null || starts.some((start) => before.time < start && start <= bar.time),
    [starts],
  );
  return { shades, startsDay };
}
