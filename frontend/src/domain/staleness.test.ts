import { expect, test } from 'vitest';
import { at, quote } from '../testing/builders.ts';
import { isStale, marksAt } from './staleness.ts';

const LIMIT = at('2026-11-22T18:00:05.000Z');
const AFTER = at('2026-11-22T18:00:05.001Z');
const mock = { active_source: 'MOCK', marks: ['MOCK'] };

test('is stale once its age exceeds the limit in an open market', () => {
  expect(isStale(quote(), LIMIT, true)).toBe(false);
  expect(isStale(quote(), AFTER, true)).toBe(true);
});

test('is never stale in a closed market', () => {
  expect(isStale(quote(), AFTER, false)).toBe(false);
  expect(isStale(quote({ marks: ['STALE'] }), AFTER, false)).toBe(false);
});

test('the mock never closes, so its silence always counts', () => {
  expect(isStale(quote(mock), AFTER, false)).toBe(true);
  expect(isStale(quote(mock), AFTER, null)).toBe(true);
});

test('with the session unknown the server decides', () => {
  expect(isStale(quote(), AFTER, null)).toBe(false);
  expect(isStale(quote({ marks: ['STALE'] }), LIMIT, null)).toBe(true);
});

test('a source that calls itself stale is stale at any age', () => {
  expect(isStale(quote({ marks: ['STALE'] }), at('2026-11-22T18:00:00Z'), true)).toBe(true);
});

test('each symbol has its own limit', () => {
  expect(isStale(quote({ stale_after_ms: 60_000 }), AFTER, true)).toBe(false);
});

test('a clock that runs behind makes nothing stale', () => {
  expect(isStale(quote(), at('2026-11-22T17:00:00Z'), true)).toBe(false);
});

test('STALE is decided now; the other marks stay as the server set them', () => {
  const marked = quote({ marks: ['STALE', 'DELAYED', 'REPLAY'] });
  expect(marksAt(marked, false)).toEqual(['REPLAY', 'DELAYED']);
  expect(marksAt(marked, true)).toEqual(['REPLAY', 'DELAYED', 'STALE']);
});
