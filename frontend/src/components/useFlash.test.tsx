import { cleanup, render } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toPriceText } from '../domain/nominal.ts';
import { pretendMedia, recordAnimations } from '../testing/browser.ts';
import { Price } from './Price.tsx';

let colours: string[];

beforeEach(() => {
  vi.useFakeTimers();
  pretendMedia();
  ({ colours } = recordAnimations());
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(...values: readonly (number | null)[]): void {
  const price = (value: number | null) => <Price text={toPriceText(String(value))} value={value} />;
  const { rerender } = render(price(values[0] ?? null));
  for (const value of values.slice(1)) {
    vi.advanceTimersByTime(400);
    rerender(price(value));
  }
}

test('a move flashes in the colour of its direction', () => {
  show(1, 2, 1);
  expect(colours).toEqual(['var(--up-wash)', 'var(--down-wash)']);
});

test('the first value, an equal one, and the way to and from none do not flash', () => {
  show(null, 1, 1, null, 2);
  expect(colours).toEqual([]);
});

test('flashes at most three times a second', () => {
  const price = (value: number) => <Price text={toPriceText(String(value))} value={value} />;
  const { rerender } = render(price(0));
  for (let value = 1; value <= 40; value += 1) {
    vi.advanceTimersByTime(50);
    rerender(price(value));
  }
  expect(colours.length).toBeGreaterThanOrEqual(5);
  expect(colours.length).toBeLessThanOrEqual(6);
});

test('readers who asked for less motion see none', () => {
  pretendMedia('(prefers-reduced-motion: reduce)');
  show(1, 2, 3);
  expect(colours).toEqual([]);
});
