import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { localTime, serverTime } from '../domain/nominal.ts';
import { createServerClock } from './serverClock.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

const local = () => localTime(performance.now());

test('runs with the offset that was measured', () => {
  const clock = createServerClock(local);
  clock.calibrate(serverTime(50_000), localTime(0), 5);
  vi.advanceTimersByTime(1_234);
  expect(clock.now()).toBe(51_234);
});

test('keeps the more exact of two samples', () => {
  const clock = createServerClock(local);
  clock.calibrate(serverTime(50_000), localTime(0), 5);
  clock.calibrate(serverTime(50_300), localTime(0), 400);
  expect(clock.now()).toBe(50_000);
  clock.calibrate(serverTime(50_002), localTime(0), 1);
  expect(clock.now()).toBe(50_002);
});

test('believes a sample that says that the local clock stood still', () => {
  const clock = createServerClock(local);
  clock.calibrate(serverTime(50_000), localTime(0), 5);
  clock.calibrate(serverTime(3_650_000), localTime(0), 40);
  expect(clock.now()).toBe(3_650_000);
});

test('ticks on the whole seconds of the server while somebody listens', () => {
  const clock = createServerClock(local);
  clock.calibrate(serverTime(50_400), localTime(0), 5);
  const seen: number[] = [];
  const leave = clock.tick.subscribe(() => seen.push(clock.tick.get()));
  vi.advanceTimersByTime(2_600);
  expect(seen).toEqual([51_000, 52_000, 53_000]);
  leave();
  vi.advanceTimersByTime(5_000);
  expect(seen).toHaveLength(3);
});
