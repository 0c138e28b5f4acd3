import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { quoteJson, symbol } from '../../testing/builders.ts';
import { ScriptedServer } from '../../testing/scriptedServer.ts';
import type { FeedMessage } from './messages.ts';
import { startTape } from './tape.ts';

let server: ScriptedServer;
let messages: FeedMessage[];
let stop: () => void;

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  vi.useFakeTimers();
  server = new ScriptedServer();
  messages = [];
  stop = startTape(symbol('ZB'), { fetch: server.fetch, random: () => 0 }, (message) =>
    messages.push(message),
  );
  await settle();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

function send(...lasts: number[]): void {
  const frames = lasts.map(
    (last) => `event: quote\nid: ${last}-0\ndata: ${JSON.stringify(quoteJson({ last }))}\n\n`,
  );
  server.stream.write(frames.join(''));
}

test('asks for every event of its symbol, and passes on what comes together as one', async () => {
  expect(Object.fromEntries(server.stream.url.searchParams)).toEqual({ symbols: 'ZB', enrich: '1' });
  send(1, 2);
  await settle();
  send(3);
  await settle();
  expect(
    messages.map((message) => (message.kind === 'tape' ? message.quotes.map(({ last }) => last) : message)),
  ).toEqual([[1, 2], [3]]);
});

test('an event that cannot be read is counted and passed over', async () => {
  server.stream.write('event: quote\nid: 4-0\ndata: {"symbol"\n\n');
  send(5);
  await settle();
  expect(messages.map(({ kind }) => kind)).toEqual(['malformed', 'tape']);
});

test('comes back behind the last event', async () => {
  send(7);
  await settle();
  server.stream.end();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.streams).toHaveLength(2);
  expect(server.stream.lastEventId).toBe('7-0');
});

test('says nothing and comes back no more once it was stopped', async () => {
  send(8);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(messages).toEqual([]);
  expect(server.streams).toHaveLength(1);
});
