import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { instrumentJson, quoteJson } from '../../testing/builders.ts';
import { ScriptedServer } from '../../testing/scriptedServer.ts';
import { startFeed } from './feed.ts';
import type { FeedHandle, FeedMessage, FeedStatus } from './messages.ts';

let server: ScriptedServer;
let messages: FeedMessage[];
let feed: FeedHandle;
let online: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  server = new ScriptedServer();
  messages = [];
  online = true;
});

afterEach(() => {
  feed.stop();
  vi.useRealTimers();
});

function start(): Promise<unknown> {
  feed = startFeed({ fetch: server.fetch, random: () => 0, isOnline: () => online }, (message) =>
    messages.push(message),
  );
  return settle();
}

/** Lets everything that is ready happen, without letting time pass. */
const settle = () => vi.advanceTimersByTimeAsync(0);

function status(): FeedStatus['kind'] | undefined {
  return messages.flatMap((message) => (message.kind === 'status' ? [message.status.kind] : [])).at(-1);
}

/** Every last price received, in order. */
function lasts(): (number | null)[] {
  return messages.flatMap((message) =>
    message.kind === 'quotes' ? message.quotes.map(({ last }) => last) : [],
  );
}

function malformed(): number {
  return messages.reduce((sum, message) => sum + (message.kind === 'malformed' ? message.count : 0), 0);
}

test('reads the registry and a snapshot before it opens the stream', async () => {
  await start();
  const order = server.requests.filter((path) => path !== '/api/session');
  expect(order).toEqual(['/api/instruments', '/api/quotes', '/api/quotes/stream']);
  expect(lasts()).toEqual([118.3125]);
  expect(status()).toBe('live');
});

test('asks for enriched quotes of every instrument at most twenty times a second', async () => {
  server.instruments = [
    instrumentJson('ES'),
    instrumentJson('AAPL', { asset_class: 'equity' }),
    instrumentJson('ZB'),
  ];
  await start();
  expect(Object.fromEntries(server.stream.url.searchParams)).toEqual({
    symbols: 'ES,AAPL,ZB',
    conflate: '20',
    enrich: '1',
  });
});

test('joins the stream a second before the newest record of the snapshot', async () => {
  server.quotes = [quoteJson({ id: '5000-3' }), quoteJson({ symbol: 'ES', id: '9000-1' })];
  await start();
  expect(server.stream.lastEventId).toBe('8000-0');
});

test('passes on conflated and single quotes', async () => {
  await start();
  server.stream.send('quotes', [quoteJson({ last: 1 }), quoteJson({ symbol: 'ES', last: 2 })], '2000-0');
  server.stream.send('quote', quoteJson({ last: 3 }), '2001-0');
  await settle();
  expect(lasts()).toEqual([118.3125, 1, 2, 3]);
});

test('puts events together that arrive in pieces, characters cut in the middle too', async () => {
  await start();
  const bytes = `event: quotes\nid: 2000-0\ndata: ${JSON.stringify([quoteJson({ last: 5, venue: 'Zürich' })])}\n\n`;
  for (const piece of bytes.match(/.{1,7}/gsu) ?? []) server.stream.write(piece);
  await settle();
  expect(lasts()).toEqual([118.3125, 5]);
});

test('resumes after a cut with the last id it saw, without a second snapshot', async () => {
  await start();
  server.stream.send('quotes', [quoteJson({ last: 1 })], '2000-4');
  await settle();
  server.stream.end();
  await settle();
  expect(status()).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.streams).toHaveLength(2);
  expect(server.stream.lastEventId).toBe('2000-4');
  expect(server.requests.filter((path) => path === '/api/quotes')).toHaveLength(1);
  expect(status()).toBe('live');
});

test('comes back after a network error', async () => {
  await start();
  server.stream.fail();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.streams).toHaveLength(2);
  expect(status()).toBe('live');
});

test('survives half a minute of 503', async () => {
  await start();
  server.stream.end();
  for (let refusals = 0; refusals < 5; refusals += 1) server.refuse('/api/quotes/stream', 503);
  await vi.advanceTimersByTimeAsync(30_900);
  expect(status()).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(31_000);
  expect(status()).toBe('live');
});

test('a connection that held starts the back-off anew, one that broke at once does not', async () => {
  await start();
  server.stream.end();
  await vi.advanceTimersByTimeAsync(1_000);
  server.stream.end();
  await vi.advanceTimersByTimeAsync(1_900);
  expect(server.streams).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(server.streams).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(6_000);
  server.stream.end();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.streams).toHaveLength(4);
});

test('stays away for as long as a 429 asks', async () => {
  await start();
  server.stream.end();
  server.refuse('/api/quotes/stream', 429, '20');
  await vi.advanceTimersByTimeAsync(1_000 + 19_900);
  expect(server.streams).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.streams).toHaveLength(2);
});

test('stops at 401 until it is asked to try again', async () => {
  server.refuse('/api/instruments', 401);
  await start();
  expect(status()).toBe('signed_out');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(status()).toBe('signed_out');
  feed.retryNow();
  await settle();
  expect(status()).toBe('live');
});

test('is called offline when the browser has no network', async () => {
  await start();
  online = false;
  server.stream.fail();
  await settle();
  expect(status()).toBe('offline');
});

test('is called offline after trying in vain for long', async () => {
  for (let refusals = 0; refusals < 20; refusals += 1) server.refuse('/api/instruments', 503);
  await start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(status()).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(status()).toBe('offline');
});

test('takes a stream for dead after two missed heartbeats', async () => {
  await start();
  await vi.advanceTimersByTimeAsync(24_000);
  server.stream.write(': heartbeat\n\n');
  await vi.advanceTimersByTimeAsync(24_000);
  expect(status()).toBe('live');
  const silent = server.stream;
  await vi.advanceTimersByTimeAsync(1_100);
  expect(status()).toBe('reconnecting');
  expect(silent.closedByClient).toBe(true);
});

test('says since when nothing was heard', async () => {
  await start();
  await vi.advanceTimersByTimeAsync(4_000);
  server.stream.write(': heartbeat\n\n');
  await settle();
  const heard = performance.timeOrigin + performance.now();
  await vi.advanceTimersByTimeAsync(25_000);
  expect(messages.at(-1)).toMatchObject({ kind: 'status', status: { kind: 'reconnecting', since: heard } });
});

test('a reset forgets positions and reads the snapshot again, on the same connection', async () => {
  await start();
  server.quotes = [quoteJson({ last: 42, id: '3000-0' })];
  server.stream.send('reset', { reason: 'trimmed' });
  await settle();
  expect(messages.filter(({ kind }) => kind === 'reset')).toHaveLength(1);
  expect(lasts()).toEqual([118.3125, 42]);
  expect(server.streams).toHaveLength(1);
  expect(status()).toBe('live');
});

test('a reset whose snapshot fails starts over by itself', async () => {
  await start();
  server.refuse('/api/quotes', 503);
  server.quotes = [quoteJson({ last: 43, id: '3000-0' })];
  server.stream.send('reset', {});
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.streams).toHaveLength(2);
  expect(lasts()).toEqual([118.3125, 43]);
});

test('counts and skips what it cannot read, and goes on', async () => {
  await start();
  server.stream.write('event: quotes\nid: 2000-0\ndata: [{"symbol":\n\n');
  server.stream.send(
    'quotes',
    [{ symbol: 7 }, quoteJson({ last: 1 }), quoteJson({ last: 'high' })],
    '2001-0',
  );
  server.stream.write('event: unheard-of\ndata: {}\n\nnonsense\n\n');
  server.stream.send('quotes', [quoteJson({ last: 2 })], '2002-0');
  await settle();
  expect(malformed()).toBe(3);
  expect(lasts()).toEqual([118.3125, 1, 2]);
  expect(status()).toBe('live');
});

test('does not ask again for an event that it could not read', async () => {
  await start();
  server.stream.write('event: quotes\nid: 2000-0\ndata: not json\n\n');
  await settle();
  server.stream.end();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.stream.lastEventId).toBe('2000-0');
});

test('is degraded when the server says so, until the next quotes', async () => {
  await start();
  server.stream.send('degraded', {});
  await settle();
  expect(status()).toBe('degraded');
  server.stream.send('quotes', [quoteJson({ last: 1 })], '2000-0');
  await settle();
  expect(status()).toBe('live');
});

test('is live again when the server takes the word back', async () => {
  await start();
  server.stream.send('degraded', { degraded: true });
  server.stream.send('session', {});
  await settle();
  expect(status()).toBe('degraded');
  server.stream.send('degraded', { degraded: false });
  await settle();
  expect(status()).toBe('live');
});

test('a position that the server refuses is given up', async () => {
  await start();
  server.stream.send('quotes', [quoteJson({ last: 1 })], '99000-0');
  await settle();
  server.stream.end();
  server.refuse('/api/quotes/stream', 400);
  server.quotes = [quoteJson({ last: 2, id: '5000-0' })];
  await vi.advanceTimersByTimeAsync(3_000);
  expect(status()).toBe('live');
  expect(server.stream.lastEventId).toBe('4000-0');
  expect(lasts()).toEqual([118.3125, 1, 2]);
});

test('measures the server clock in the middle of the request', async () => {
  await start();
  expect(messages.find(({ kind }) => kind === 'clock')).toMatchObject({
    serverNow: Date.parse('2026-11-22T18:00:00Z'),
    errorMs: 0,
  });
});

test('failing sessions do not stop the quotes and are read again', async () => {
  server.refuse('/api/session', 500);
  await start();
  expect(status()).toBe('live');
  expect(messages.some(({ kind }) => kind === 'sessions')).toBe(false);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(messages.some(({ kind }) => kind === 'sessions')).toBe(true);
});

test('says nothing after it was stopped, and closes its stream', async () => {
  await start();
  const stream = server.stream;
  feed.stop();
  const said = messages.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(messages).toHaveLength(said);
  expect(stream.closedByClient).toBe(true);
  expect(server.streams).toHaveLength(1);
});
