import { expect, test } from 'vitest';
import { instrumentJson, quoteJson, sessionJson } from '../testing/builders.ts';
import { decodeInstruments, decodeQuote, decodeQuotes, decodeServerNow, decodeSessions } from './decode.ts';
import { toStreamId } from './nominal.ts';

test('keeps prices as the server wrote them', () => {
  expect(decodeQuote(quoteJson())?.display).toMatchObject({
    last: "118'10",
    change: "+0'14",
    changePercent: '+0.37',
  });
});

test('zero is a value and null is none', () => {
  const decoded = decodeQuote(quoteJson({ last: 0, bid: null, askSize: 0, bidSize: null, change: 0 }));
  expect(decoded).toMatchObject({ last: 0, bid: null, askSize: 0, bidSize: null, change: 0 });
});

test.each([
  ['no object', 'ES'],
  ['a bad symbol', quoteJson({ symbol: 'es future' })],
  ['no symbol', quoteJson({ symbol: undefined })],
  ['a time without a zone', quoteJson({ ts: '2026-11-22T18:00:00' })],
  ['a price that is text', quoteJson({ last: '118.3' })],
  ['no source', quoteJson({ source: null, active_source: null })],
])('refuses a record with %s', (_, record) => {
  expect(decodeQuote(record)).toBeNull();
});

test('unknown signals and marks are left out, not shown', () => {
  expect(decodeQuote(quoteJson({ signal: 'MAYBE', marks: ['MOCK', 'SHINY'] }))).toMatchObject({
    signal: null,
    marks: ['MOCK'],
  });
});

test('a record without an id takes the position of its message', () => {
  expect(decodeQuote(quoteJson({ id: undefined }), toStreamId('7-1'))?.id).toBe('7-1');
});

test('one bad record does not cost the others', () => {
  const { items, malformed } = decodeQuotes([quoteJson(), null, quoteJson({ symbol: 'ES' })]);
  expect(items.map(({ symbol }) => symbol)).toEqual(['ZB', 'ES']);
  expect(malformed).toBe(1);
});

test('instruments come in registry order', () => {
  const { items } = decodeInstruments([
    instrumentJson('ZB', { order: 10 }),
    instrumentJson('YM', { order: 0 }),
  ]);
  expect(items.map(({ symbol }) => symbol)).toEqual(['YM', 'ZB']);
});

test('reads sessions and the server clock', () => {
  expect(decodeSessions([sessionJson(), { market: 'CFE' }])).toMatchObject({
    items: [{ isOpen: true }],
    malformed: 1,
  });
  expect(decodeServerNow([{ market: 'CFE' }, sessionJson()])).toBe(Date.parse('2026-11-22T18:00:00Z'));
});
