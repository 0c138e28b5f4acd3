import { act, cleanup, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pretendMedia } from '../../testing/browser.ts';
import { sessionJson } from '../../testing/builders.ts';
import { renderOnBench } from '../../testing/render.tsx';
import { LivePage } from './LivePage.tsx';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  pretendMedia();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The texts of a symbol's cells, by column title. */
function rowOf(symbol: string): Record<string, string> {
  const titles = screen.getAllByRole('columnheader').map((header) => header.textContent ?? '');
  const row = screen.getByRole('row', { name: new RegExp(`^${symbol}`) });
  const cells = [within(row).getByRole('rowheader'), ...within(row).getAllByRole('cell')];
  return Object.fromEntries(cells.map((cell, column) => [titles[column] ?? '', cell.textContent ?? '']));
}

test('draws every instrument in registry order, with or without a quote', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ symbol: 'ZB' });
  const rows = screen.getAllByRole('rowheader').map((header) => header.textContent);
  expect(rows).toEqual(['ESES future', 'ZBZB future']);
  expect(rowOf('ES')).toMatchObject({ Last: '—', 'Bid × size': '—', Age: '—', Source: 'no quote yet' });
});

test('draws the server texts, never numbers of its own', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  expect(rowOf('ZB')).toMatchObject({
    Last: "118'10",
    Change: "▲+0'14",
    'Change %': '+0.37%',
    'Bid × size': "118'10× size 14",
    'Ask × size': "118'11× size 0",
    Spread: "0'01",
    'Day range': "low 117'16high 118'16",
    Signal: '▲Buy',
    Age: 'now',
    Source: 'TOS',
  });
});

test('null is an em dash', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ bid: null, bidSize: null, signal: null, change: null, display: { last: '0.00' }, last: 0 });
  expect(rowOf('ZB')).toMatchObject({
    Last: '0.00',
    Change: '—',
    'Change %': '—',
    'Bid × size': '—× size —',
    Signal: '— no signal',
    'Day range': '—',
  });
});

test('a falling price points down, an unchanged one nowhere', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ change: -0.5, display: { change: "-0'16" } });
  expect(rowOf('ZB')['Change']).toBe("▼-0'16");
  bench.quotes({ change: 0, display: { change: "0'00" } });
  expect(rowOf('ZB')['Change']).toBe("0'00");
});

test('strong and normal signals differ in more than colour', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ signal: 'STRONG_SELL' });
  expect(rowOf('ZB')['Signal']).toBe('▼▼Strong sell');
  bench.quotes({ signal: 'SELL' });
  expect(rowOf('ZB')['Signal']).toBe('▼Sell');
});

test('ages tick, and an open market makes a silent row stale', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  act(() => void vi.advanceTimersByTime(5_000));
  expect(rowOf('ZB')).toMatchObject({ Age: '5s', Source: 'TOS' });
  act(() => void vi.advanceTimersByTime(1_000));
  expect(rowOf('ZB')).toMatchObject({ Age: '6s', Source: 'TOSSTALE' });
  bench.quotes({ updated_at: '2026-11-22T18:00:06Z', id: '1001-0' });
  expect(rowOf('ZB')).toMatchObject({ Age: 'now', Source: 'TOS' });
});

test('a closed market is never stale', () => {
  const bench = renderOnBench(<LivePage />, { sessions: [sessionJson({ is_open: false })] });
  bench.quotes({});
  act(() => void vi.advanceTimersByTime(3_600_000));
  expect(rowOf('ZB')).toMatchObject({ Age: '1h 00m', Source: 'TOS' });
});

test('marks stand beside the source; the mock is named once', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ marks: ['DELAYED', 'REPLAY'] });
  expect(rowOf('ZB')['Source']).toBe('TOSREPLAYDELAYED');
  bench.quotes({ active_source: 'MOCK', marks: ['MOCK'] });
  expect(rowOf('ZB')['Source']).toBe('MOCK');
});

test('values from before an outage are marked old', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  const row = screen.getByRole('row', { name: /^ZB/ });
  expect(row.dataset['old']).toBe('false');
  bench.status('reconnecting', 3);
  expect(row.dataset['old']).toBe('true');
  bench.status('live');
  expect(row.dataset['old']).toBe('false');
});

test('an outage shorter than the grace changes nothing', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  bench.status('reconnecting', 1);
  expect(screen.getByRole('row', { name: /^ZB/ }).dataset['old']).toBe('false');
});

test('counts what is quoted, up and down, and what could not be read', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ change: -1 });
  bench.say({ kind: 'malformed', count: 3 });
  expect(screen.getByText('1 of 2 quoted')).toBeDefined();
  expect(screen.getByText(/1 down/)).toBeDefined();
  expect(screen.getByText('3 unreadable events skipped')).toBeDefined();
});

test('a narrow screen has cards with the same texts', () => {
  pretendMedia('(max-width: 1080px)');
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  expect(screen.queryByRole('table')).toBeNull();
  const [es, zb] = screen.getAllByRole('listitem');
  expect(es?.textContent).toContain('no quote yet');
  expect(zb?.textContent).toContain("118'10");
  expect(zb?.textContent).toContain("▲+0'14+0.37%");
});

test('an empty registry is said to be empty', () => {
  renderOnBench(<LivePage />, { instruments: [] });
  expect(screen.getByRole('heading').textContent).toBe('No futures to show');
});
