import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createToasts } from './toasts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const titles = (toasts: ReturnType<typeof createToasts>) => toasts.shown.get().map(({ title }) => title);

test('at most three are there, the newest', () => {
  const toasts = createToasts();
  for (const title of ['a', 'b', 'c', 'd']) toasts.show({ tone: 'notice', title });
  expect(titles(toasts)).toEqual(['b', 'c', 'd']);
});

test('the same one is there once', () => {
  const toasts = createToasts();
  toasts.show({ tone: 'notice', title: 'a', text: '1' });
  toasts.show({ tone: 'notice', title: 'a', text: '2' });
  expect(toasts.shown.get().map(({ text }) => text)).toEqual(['2']);
});

test('all but failures go by themselves', () => {
  const toasts = createToasts();
  toasts.show({ tone: 'good', title: 'saved' });
  toasts.show({ tone: 'bad', title: 'failed' });
  vi.advanceTimersByTime(6_000);
  expect(titles(toasts)).toEqual(['failed']);
  toasts.dismiss(toasts.shown.get()[0]?.id ?? 0);
  expect(titles(toasts)).toEqual([]);
});
