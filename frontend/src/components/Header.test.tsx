// The parts of the header that speak of the feed and the markets: status, banners, sessions.

import { act, cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formatInstant, zoneName } from '../domain/zone.ts';
import { at, instrumentJson, sessionJson } from '../testing/builders.ts';
import { renderOnBench } from '../testing/render.tsx';
import { Banners } from './Banners.tsx';
import { ConnectionStatus } from './ConnectionStatus.tsx';
import { SessionStrip } from './SessionStrip.tsx';

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test.each([
  ['live', 'Live'],
  ['degraded', 'Degraded'],
  ['reconnecting', 'Reconnecting'],
  ['offline', 'Offline'],
  ['signed_out', 'Signed out'],
] as const)('a feed that is %s reads %s in a polite status region', (kind, text) => {
  const bench = renderOnBench(<ConnectionStatus />);
  bench.status(kind);
  expect(screen.getByRole('status').textContent).toBe(`Feed: ${text}`);
});

test('there is no banner over real and current prices', () => {
  const bench = renderOnBench(<Banners />);
  bench.quotes({});
  expect(bench.container.textContent).toBe('');
});

test('mock prices are announced, and how many symbols they cover', () => {
  const bench = renderOnBench(<Banners />);
  bench.quotes({ active_source: 'MOCK', marks: ['MOCK'] });
  expect(screen.getByRole('note').textContent).toBe('MOCK market data – not real prices');
  bench.quotes({ symbol: 'ES' });
  expect(screen.getByRole('note').textContent).toBe('MOCK market data – not real prices (1 of 2 symbols)');
});

test('a replay is announced', () => {
  const bench = renderOnBench(<Banners />);
  bench.quotes({ marks: ['REPLAY'] });
  expect(screen.getByRole('note').textContent).toBe('REPLAY – recorded market data, not live');
});

test('an outage says as of when the values are, counts their age and offers to try at once', () => {
  const bench = renderOnBench(<Banners />);
  bench.quotes({});
  bench.status('reconnecting', 12);
  const banner = screen.getByRole('alert').textContent;
  const asOf = formatInstant(at('2026-11-22T17:59:48Z'), zoneName('local', null), 'clock');
  expect(banner).toContain(`The connection to the server is lost. Values as of ${asOf}(12s ago)`);
  act(() => void vi.advanceTimersByTime(3_000));
  expect(screen.getByRole('alert').textContent).toContain('(15s ago)');
  fireEvent.click(screen.getByRole('button', { name: 'Retry now' }));
  expect(bench.asked.retries).toBe(1);
});

test('a long wait before the next try is counted down', () => {
  const bench = renderOnBench(<Banners />);
  bench.status('offline', 60, 20);
  expect(screen.getByRole('button', { name: 'Retry now' }).textContent).toBe('Retry now – or in 20s');
  act(() => void vi.advanceTimersByTime(20_000));
  expect(screen.getByRole('button', { name: 'Retry now' }).textContent).toBe('Retry now');
});

test('sessions of the traded markets show state and a countdown on the server clock', () => {
  renderOnBench(<SessionStrip />, {
    instruments: [
      instrumentJson('ES'),
      instrumentJson('VX', { market: 'CFE' }),
      instrumentJson('DX', { market: 'ICE_US' }),
    ],
    sessions: [
      sessionJson(),
      sessionJson({ market: 'TSE', title: 'Tokyo' }),
      sessionJson({ market: 'CFE', title: 'Cboe Futures', is_open: false, phase: 'maintenance' }),
      sessionJson({
        market: 'ICE_US',
        title: undefined,
        is_open: false,
        holiday: 'Christmas Day',
        next_transition_at: null,
      }),
    ],
  });
  const texts = () => screen.getAllByRole('listitem').map((item) => item.textContent);
  expect(texts()).toEqual([
    'CME GlobexOpencloses in 03:00:00',
    'Cboe FuturesMaintenanceopens in 03:00:00',
    'ICE_USChristmas Day',
  ]);
  act(() => void vi.advanceTimersByTime(1_000));
  expect(texts()[0]).toBe('CME GlobexOpencloses in 02:59:59');
});

test('a countdown at zero asks for the sessions again', () => {
  const bench = renderOnBench(<SessionStrip />, {
    sessions: [sessionJson({ next_transition_at: '2026-11-22T18:00:02Z' })],
  });
  expect(bench.asked.sessions).toBe(0);
  act(() => void vi.advanceTimersByTime(2_000));
  expect(bench.asked.sessions).toBe(1);
});
