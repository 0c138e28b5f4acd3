import { expect, test } from 'vitest';
import { at } from '../../testing/builders.ts';
import { placeIn, segmentsOf, ticksOf, windowAround } from './timeline.ts';

const window = windowAround(at('2026-11-24T12:00:30Z'));

test('the bar is a day that begins six hours ago, and now is a quarter in', () => {
  expect([window.from, window.to]).toEqual([at('2026-11-24T06:00:00Z'), at('2026-11-25T06:00:00Z')]);
  expect(placeIn(window, at('2026-11-24T12:00:00Z'))).toBe(25);
});

test('phases are cut to the bar, and those outside it are left out', () => {
  const day = (phases: { phase: string; starts_at: string; ends_at: string }[]) => ({
    ...{
      date: '',
      is_trading_day: true,
      holiday: null,
      holiday_kind: null,
      source: null,
      confidence: 'verified',
    },
    phases,
  });
  const found = segmentsOf(
    {
      market: 'X',
      time_zone: 'UTC',
      days: [
        day([
          { phase: 'pre', starts_at: '2026-11-24T04:00:00Z', ends_at: '2026-11-24T06:00:00Z' },
          { phase: 'open', starts_at: '2026-11-24T00:00:00Z', ends_at: '2026-11-24T12:00:00Z' },
          { phase: 'lunch', starts_at: '2026-11-24T12:00:00Z', ends_at: '2026-11-24T18:00:00Z' },
          { phase: 'open', starts_at: '2026-11-25T00:00:00Z', ends_at: '2026-11-26T00:00:00Z' },
        ]),
      ],
    },
    window,
  );
  expect(found.map(({ phase, start, width }) => [phase, start, width])).toEqual([
    ['open', 0, 25],
    ['lunch', 25, 25],
    ['open', 75, 25],
  ]);
});

test('every third hour has a tick', () => {
  expect(ticksOf(window)).toHaveLength(9);
  expect(ticksOf(window)[0]).toBe(at('2026-11-24T06:00:00Z'));
});
