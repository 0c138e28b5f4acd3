import { expect, test } from 'vitest';
import type { Health } from './troubles.ts';
import { ratesOf, troublesOf } from './troubles.ts';

function health(changes: Partial<Health> = {}): Health {
  return {
    now: '2026-11-24T15:00:00.000Z',
    processes: [{ name: 'merger', state: 'merging', problem: null, age_ms: 400, count: 100, pid: null }],
    streams: [
      { name: 'TOS', length: 5, added: 100, last_id: '1-0', groups: [{ name: 'merge', lag: 0, pending: 0 }] },
    ],
    rejects: 0,
    symbols: [],
    versions: {},
    faults: {},
    ...changes,
  };
}

test('nothing is said while everything goes', () => {
  expect(troublesOf(health(), [], [])).toEqual([]);
});

test('what is away, silent, behind, stale or failed is named with its reason', () => {
  const symbol = {
    ...{ symbol: 'ES', source: 'TOS', age_ms: 90_000, market: 'GLOBEX_EQUITY', market_open: true },
    ...{ phase: 'regular', state: 'stale' },
  };
  const found = troublesOf(
    health({
      faults: { redis: 'no answer in time' },
      processes: [
        { name: 'merger', state: 'merging', problem: null, age_ms: 10_001, count: null, pid: null },
        { name: 'ingestor', state: 'waiting for postgres', problem: null, age_ms: 0, count: null, pid: null },
      ],
      streams: [
        {
          ...{ name: 'TOS', length: 5, added: 5, last_id: '1-0' },
          groups: [{ name: 'ingest', lag: 1_001, pending: 0 }],
        },
      ],
      symbols: [symbol, { ...symbol, symbol: 'ZB', state: 'closed' }],
    }),
    [],
    [],
  );
  expect(found).toEqual([
    { what: 'redis is away', why: 'no answer in time' },
    { what: 'merger', why: 'merging' },
    { what: 'ingestor', why: 'waiting for postgres' },
    { what: 'ingest of TOS', why: '1001 entries behind' },
    { what: 'Stale while the market is open', why: 'ES' },
  ]);
});

test('a rate needs two answers, and none is made of a counter that began anew', () => {
  const counts = ({ streams }: Health) => new Map(streams.map(({ name, added }) => [name, added]));
  const before = health();
  const [stream] = before.streams;
  const now = (added: number): Health =>
    health({
      now: '2026-11-24T15:00:02.000Z',
      streams:
        stream === undefined
          ? []
          : [
              { ...stream, added },
              { ...stream, name: 'MOCK', added: 9 },
            ],
    });
  expect(ratesOf(now(130), undefined, counts)).toEqual(new Map());
  expect(ratesOf(now(130), before, counts)).toEqual(new Map([['TOS', 15]]));
  expect(ratesOf(now(3), before, counts)).toEqual(new Map());
  expect(ratesOf(before, before, counts)).toEqual(new Map());
});
