import { expect, test } from 'vitest';
import { joinPages } from '../../components/chart/storedBars.ts';
import { shadesOf, spansOf } from '../../components/chart/useSessions.ts';
import { axisText } from '../../domain/priceAxis.ts';
import { quote } from '../../testing/builders.ts';
import { carriedOn } from './bars.ts';
import { markersOf } from './useSignalMarkers.ts';

const stored = (start: string, close: number) => ({ start, open: 1, high: 9, low: 1, close, volume: 5 });
const bar = (time: number, close = 5) => ({ time, open: 5, high: 6, low: 4, close, volume: 1 });

test('pages are joined oldest first, a bar of a newer page stands', () => {
  const newest = [stored('2026-11-24T12:01:00Z', 2), stored('2026-11-24T12:02:00Z', 3)];
  const older = [stored('2026-11-24T12:00:00Z', 1), stored('2026-11-24T12:01:00Z', 99)];
  expect(joinPages([newest, older]).map(({ close }) => close)).toEqual([1, 2, 3]);
});

test('a minute is taken from the server as it is', () => {
  const live = quote({
    session: { bar: { start: '2026-11-22T18:00:00Z', open: 1, high: 3, low: 1, close: 2, volume: 7 } },
  });
  expect(carriedOn(null, live, '1m')).toEqual({
    time: 1795370400,
    open: 1,
    high: 3,
    low: 1,
    close: 2,
    volume: 7,
  });
  expect(carriedOn(bar(1795370460), live, '1m')).toBeNull();
});

test('five minutes are carried on by the last price', () => {
  const event = quote({ ts: '2026-11-22T18:03:10Z', last: 7 });
  expect(carriedOn(bar(1795370400), event, '5m')).toEqual({ ...bar(1795370400), high: 7, close: 7 });
  expect(carriedOn(bar(1795370100), event, '5m')).toEqual({
    ...{ time: 1795370400, open: 7, high: 7, low: 7, close: 7, volume: 0 },
  });
  expect(carriedOn(bar(1795370400), quote({ last: null }), '5m')).toBeNull();
});

test('a day is carried on in its bar and never begun', () => {
  expect(carriedOn(null, quote({ last: 7 }), '1d')).toBeNull();
  expect(carriedOn(bar(5), quote({ last: 3 }), '1d')).toEqual({ ...bar(5), low: 3, close: 3 });
});

test('every second trade date has another ground, and what lies outside the regular phase is darker', () => {
  const phase = (name: string, starts_at: string, ends_at: string) => ({ phase: name, starts_at, ends_at });
  const day = (date: string, phases: ReturnType<typeof phase>[]) => ({
    ...{
      date,
      is_trading_day: true,
      holiday: null,
      holiday_kind: null,
      source: null,
      confidence: 'verified',
      phases,
    },
  });
  const spans = spansOf({
    market: 'X',
    time_zone: 'UTC',
    days: [
      day('2026-11-23', [phase('open', '1970-01-01T00:00:00Z', '1970-01-01T00:00:10Z')]),
      day('2026-11-24', [
        phase('pre', '1970-01-01T00:00:10Z', '1970-01-01T00:00:12Z'),
        phase('open', '1970-01-01T00:00:12Z', '1970-01-01T00:00:20Z'),
      ]),
    ],
  });
  const bars = [8, 9, 10, 11, 12, 13, 25].map((time) => bar(time));
  expect(shadesOf(bars, spans)).toEqual([
    { from: 10, to: 11, kind: 'outside' },
    { from: 12, to: 13, kind: 'other-day' },
    { from: 25, to: 25, kind: 'outside' },
  ]);
});

test('a bar is marked with the last signal in it; HOLD and what lies before the first bar are not', () => {
  const recorded = (at: string, signal: 'BUY' | 'HOLD' | 'STRONG_SELL') => ({
    ...{ id: 1, symbol: 'ES', at, signal, previous: '', change: null, last: null, bid: null, ask: null },
    ...{ stat_value: '0', contract_weight: '0', signal_weight: 0, source: 'TOS', contract: '' },
    ...{ trade_date: '2026-11-24', phase: 'US', config_version: 1 },
  });
  // Newest first, as the server answers.
  const signals = [
    recorded('1970-01-01T00:02:30Z', 'STRONG_SELL'),
    recorded('1970-01-01T00:02:10Z', 'BUY'),
    recorded('1970-01-01T00:01:10Z', 'HOLD'),
    recorded('1970-01-01T00:00:10Z', 'BUY'),
  ];
  expect(markersOf(signals, [bar(60), bar(120)])).toEqual([{ time: 120, direction: 'down', text: 'SS' }]);
});

test.each([
  [6791.25, 2, '6791.25'],
  [118.3125, '32nds', "118'10"],
  [118.328125, '32nds', "118'105"],
  [-0.4375, '32nds', "-0'14"],
  [118.999, '32nds', "119'00"],
] as const)('%d is written %s as %s', (value, display, text) => {
  expect(axisText(value, display)).toBe(text);
});
