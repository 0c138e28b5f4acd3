import { expect, test } from 'vitest';
import { cellText, coverageOf } from './coverage.ts';

const kept = (symbol: string, date: string, rows: number) => ({
  symbol,
  date,
  place: 'lake',
  rows,
  bytes: rows * 6,
  first_ts: `${date}T00:00:00Z`,
  last_ts: `${date}T20:00:00Z`,
  digest: 'd',
  starts_at: `${date}T00:00:00Z`,
  ends_at: `${date}T21:00:00Z`,
});
const due = (date: string) => ({
  ...kept('', date, 0),
  symbol: null,
  place: 'postgres',
  rows: null,
  bytes: null,
  first_ts: null,
  last_ts: null,
  digest: null,
});
const report = (symbol: string, date: string, counts: Record<string, number>) => ({
  symbol,
  trade_date: date,
  rows: 10,
  counts,
  gaps: [],
  checked_at: `${date}T22:00:00Z`,
});
const SPAN = { from: '2026-11-20', to: '2026-11-24' };

test('a strip has the working days and the registry’s order, strangers behind', () => {
  const found = coverageOf(
    [kept('ES', '2026-11-20', 9), kept('AAA', '2026-11-23', 1)],
    [],
    ['YM', 'ES'],
    SPAN,
  );
  expect(found.symbols).toEqual(['ES', 'AAA']);
  expect(found.dates).toEqual(['2026-11-20', '2026-11-23', '2026-11-24']);
});

test('a weekend with ticks has its column', () => {
  expect(coverageOf([kept('ES', '2026-11-21', 9)], [], ['ES'], SPAN).dates).toContain('2026-11-21');
});

test('shades are shares of the most that the symbol has', () => {
  const rows = [100, 60, 30, 10].map((count, at) => kept('ES', `2026-11-${16 + at}`, count));
  const { cells } = coverageOf(rows, [], ['ES'], { from: '2026-11-16', to: '2026-11-20' });
  expect([...(cells.get('ES')?.values() ?? [])].map(({ amount }) => amount)).toEqual([4, 3, 2, 1, 'none']);
});

test('what only Postgres has is said of every symbol, and is not counted', () => {
  const { cells, symbols } = coverageOf([due('2026-11-24')], [], ['YM', 'ES'], SPAN);
  expect(symbols).toEqual(['YM', 'ES']);
  const cell = cells.get('YM')?.get('2026-11-24');
  expect(cell && cellText(cell)).toBe('in Postgres, not exported yet');
  expect(cell?.span).toEqual({ start: '2026-11-24T00:00:00Z', end: '2026-11-24T21:00:00Z' });
});

test('a cell says how many ticks and whether they were checked', () => {
  const { cells } = coverageOf(
    [
      kept('ES', '2026-11-20', 28_003),
      kept('ES', '2026-11-23', 5),
      kept('ES', '2026-11-24', 5),
      due('2026-11-24'),
    ],
    [report('ES', '2026-11-20', { gap: 2, outlier: 1 }), report('ES', '2026-11-23', { gap: 0 })],
    ['ES'],
    SPAN,
  );
  const texts = [...(cells.get('ES')?.values() ?? [])].map(cellText);
  expect(texts).toEqual([
    '28,003 ticks, 3 findings',
    '5 ticks, nothing found',
    '5 ticks, newer ones in Postgres, not checked',
  ]);
});
