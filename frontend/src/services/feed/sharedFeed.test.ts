import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { localTime } from '../../domain/nominal.ts';
import { at, NOW, quote, symbol } from '../../testing/builders.ts';
import type { FeedHandle, FeedMessage } from './messages.ts';
import type { PagePort, SharedFeed } from './sharedFeed.ts';
import { createSharedFeed } from './sharedFeed.ts';

const ES = symbol('ES');
const live = { kind: 'status', status: { kind: 'live', since: localTime(0) } } as const;

let emit: (message: FeedMessage) => void;
let started: number;
let watched: string[];
let now: number;
let shared: SharedFeed;

beforeEach(() => {
  vi.useFakeTimers();
  started = 0;
  watched = [];
  now = 0;
  shared = createSharedFeed(
    (tell): FeedHandle => {
      started += 1;
      emit = tell;
      return {
        stop: () => undefined,
        retryNow: () => watched.push('retry'),
        refreshSessions: () => watched.push('sessions'),
        focus: () => undefined,
        watch: (ticker) => {
          watched.push(`watch ${ticker}`);
          return () => watched.push(`end ${ticker}`);
        },
      };
    },
    () => now,
  );
});

afterEach(() => {
  vi.useRealTimers();
});

function page(): PagePort & { readonly heard: FeedMessage['kind'][] } {
  const heard: FeedMessage['kind'][] = [];
  return { heard, postMessage: ({ kind }) => heard.push(kind) };
}

test('eight pages share one feed and hear the same', () => {
  const pages = Array.from({ length: 8 }, page);
  for (const port of pages) shared.receive(port, { ask: 'hello' });
  emit(live);
  expect(started).toBe(1);
  expect(pages.map(({ heard }) => heard)).toEqual(Array(8).fill(['status']));
});

test('a page that comes later is told what is known, once', () => {
  const [first, late] = [page(), page()];
  shared.receive(first, { ask: 'hello' });
  emit(live);
  emit({ kind: 'quotes', quotes: [quote()] });
  emit({ kind: 'quotes', quotes: [quote({ last: 119 })] });
  emit({ kind: 'clock', serverNow: at(NOW), localNow: localTime(0), errorMs: 1 });
  emit({ kind: 'malformed', count: 1 });
  shared.receive(late, { ask: 'hello' });
  shared.receive(late, { ask: 'hello' });
  expect(late.heard).toEqual(['status', 'clock', 'quotes']);
});

test('only pages that watch a symbol hear its tape, and it ends with the last of them', () => {
  const [watching, other] = [page(), page()];
  shared.receive(other, { ask: 'hello' });
  shared.receive(watching, { ask: 'watch', symbol: ES });
  shared.receive(watching, { ask: 'watch', symbol: ES });
  emit({ kind: 'tape', symbol: ES, quotes: [quote()] });
  expect([watching.heard, other.heard]).toEqual([['tape'], []]);
  shared.receive(watching, { ask: 'unwatch', symbol: ES });
  expect(watched).toEqual(['watch ES', 'end ES']);
});

test('a page that leaves, or is silent for three minutes, is forgotten with what it watched', () => {
  const [leaving, silent, staying] = [page(), page(), page()];
  for (const port of [leaving, silent, staying]) shared.receive(port, { ask: 'watch', symbol: ES });
  shared.receive(leaving, { ask: 'leave' });
  now = 100_000;
  shared.receive(staying, { ask: 'alive' });
  now = 200_000;
  shared.receive(staying, { ask: 'retry' });
  emit(live);
  expect([leaving.heard, silent.heard, staying.heard]).toEqual([[], [], ['status']]);
  expect(watched).toEqual(['watch ES', 'watch ES', 'watch ES', 'end ES', 'end ES', 'retry']);
  shared.receive(silent, { ask: 'alive' });
  expect(silent.heard).toEqual(['status']);
});

test('what a page draws comes at once, the rest once a second with its newest value', () => {
  const heard: string[][] = [];
  const port: PagePort = {
    postMessage: (message) => {
      if (message.kind === 'quotes')
        heard.push(message.quotes.map(({ symbol: name, last }) => `${name} ${last}`));
    },
  };
  shared.receive(port, { ask: 'hello' });
  shared.receive(port, { ask: 'focus', symbols: [ES] });
  const both = (last: number) =>
    emit({ kind: 'quotes', quotes: [quote({ symbol: 'ES', last }), quote({ last })] });
  both(1);
  both(2);
  vi.advanceTimersByTime(500);
  both(3);
  expect(heard).toEqual([['ES 1', 'ZB 1'], ['ES 2'], ['ES 3']]);
  vi.advanceTimersByTime(500);
  expect(heard.slice(3)).toEqual([['ZB 3']]);
  both(4);
  shared.receive(port, { ask: 'focus', symbols: [ES, symbol('ZB')] });
  expect(heard.slice(4)).toEqual([['ES 4'], ['ZB 4']]);
});
