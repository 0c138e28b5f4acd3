import { act, cleanup, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pretendMedia } from '../../testing/browser.ts';
import { at, NOW, sessionJson } from '../../testing/builders.ts';
import { renderOnBench } from '../../testing/render.tsx';
import { LivePage } from './LivePage.tsx';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  pretendMedia();
  // What the page reads besides the feed has no answer here.
  vi.stubGlobal('fetch', () => new Promise(() => undefined));
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
  const cells = [within(row).getByRole('rowheader'), ...within(row).getAllByRole('gridcell')];
  return Object.fromEntries(cells.map((cell, column) => [titles[column] ?? '', cell.textContent ?? '']));
}

test('draws every instrument in registry order, with or without a quote', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ symbol: 'ZB' });
  const rows = screen.getAllByRole('rowheader').map((header) => header.textContent);
  expect(rows).toEqual(['ESES future', 'ZBZB future']);
  expect(rowOf('ES')).toMatchObject({ Last: '—', 'Bid × size': '—', Age: '—', Source: 'no quote yet' });
});

test('a row that has its first quote is counted at once, not at the next second', () => {
  const bench = renderOnBench(<LivePage />);
  expect(screen.getByText('0 of 2 quoted')).toBeDefined();
  bench.quotes({ symbol: 'ZB' });
  expect(screen.getByText('1 of 2 quoted')).toBeDefined();
  expect(screen.getByText('1 up')).toBeDefined();
});

test('draws the server texts, never numbers of its own', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  expect(rowOf('ZB')).toMatchObject({
    Last: "118'10",
    Change: "▲+0'14",
    'Chg %': '+0.37%',
    'Bid × size': "118'10× size 14",
    'Ask × size': "118'11× size 0",
    Spread: "0'01",
    'Day range': "low 117'16 high 118'16",
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
    'Chg %': '—',
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
  act(() => void vi.advanceTimersByTime(1_000));
  expect(screen.getByText('1 of 2 quoted')).toBeDefined();
  expect(screen.getByText(/1 down/)).toBeDefined();
  expect(screen.getByText('3 unreadable events skipped')).toBeDefined();
});

test('a narrow screen has tiles with the same texts', () => {
  pretendMedia('(max-width: 1080px)');
  const bench = renderOnBench(<LivePage />);
  bench.quotes({});
  expect(screen.queryByRole('grid')).toBeNull();
  const [es, zb] = within(screen.getByRole('list', { name: 'Live quotes' })).getAllByRole('listitem');
  expect(es?.textContent).toContain('no quote yet');
  expect(zb?.textContent).toContain("118'10");
  expect(zb?.textContent).toContain("▲+0'14+0.37%");
});

const TOTAL = {
  weightSum: 11,
  signal: 'STRONG_BUY',
  suppressed: false,
  score: 1.138,
  used: 10,
  live: 10,
  expected: 11,
  missing: ['VX'],
  stale: [],
  contributions: [
    { symbol: 'ES', value: 3 },
    { symbol: 'ZB', value: -1.1 },
  ],
  asOf: at(NOW),
} as const;

test('TOTAL stands first, with its class, score, weight sum, parts and what is missing', () => {
  const bench = renderOnBench(<LivePage />);
  const tile = screen.getByRole('region', { name: 'TOTAL, the composite' });
  expect(tile.textContent).toContain('not told yet');
  bench.say({ kind: 'total', total: TOTAL });
  expect(tile.textContent).toContain('Strong buy');
  expect(tile.textContent).toContain('+1.14');
  expect(tile.textContent).toContain('+11');
  expect(tile.textContent).toContain('10 of 11');
  expect(tile.textContent).toContain('Missing: VX.');
  expect(
    within(tile)
      .getAllByRole('listitem')
      .map((part) => part.title),
  ).toEqual(['ES +3.00', 'ZB -1.10']);
});

test('a title sorts, once more the other way, a third time not at all', () => {
  const bench = renderOnBench(<LivePage />);
  bench.quotes({ symbol: 'ES', id: '1-0', change: 2 }, { symbol: 'ZB', id: '1-0', change: 5 });
  const symbols = () => screen.getAllByRole('rowheader').map((cell) => cell.textContent?.slice(0, 2));
  const press = () => fireEvent.click(screen.getByRole('button', { name: 'Change' }));
  press();
  expect(symbols()).toEqual(['ZB', 'ES']);
  expect(screen.getByRole('columnheader', { name: /^Change/ }).getAttribute('aria-sort')).toBe('descending');
  press();
  expect(symbols()).toEqual(['ES', 'ZB']);
  press();
  expect(screen.getByRole('columnheader', { name: /^Change/ }).getAttribute('aria-sort')).toBe('none');
});

test('the filter leaves what has every word', () => {
  renderOnBench(<LivePage />);
  fireEvent.change(screen.getByRole('searchbox', { name: 'Filter' }), { target: { value: 'cbot zb' } });
  expect(screen.getAllByRole('rowheader').map((cell) => cell.textContent)).toEqual(['ZBZB future']);
});

test('arrow keys walk the grid, one cell is in the tab order, Enter goes to the symbol', () => {
  renderOnBench(<LivePage />);
  const [symbolTitle] = screen.getAllByRole('columnheader');
  act(() => symbolTitle?.focus());
  const walk = (key: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key });
  walk('ArrowDown');
  expect(document.activeElement?.textContent).toBe('ESES future');
  walk('ArrowRight');
  expect(document.activeElement?.closest('tr')?.dataset['symbol']).toBe('ES');
  expect(document.querySelectorAll('[data-cell][tabindex="0"]')).toHaveLength(1);
  walk('End');
  expect(document.activeElement?.textContent).toBe('no quote yet');
  walk('ArrowDown');
  walk('ArrowDown');
  expect(document.activeElement?.closest('tr')?.dataset['symbol']).toBe('ZB');
});

test('an empty registry is said to be empty', () => {
  renderOnBench(<LivePage />, { instruments: [] });
  expect(screen.getByRole('heading').textContent).toBe('No instruments to show');
});
