import { beforeEach, expect, test, vi } from 'vitest';
import { quote, symbol } from '../testing/builders.ts';
import type { QuoteStore } from './quoteStore.ts';
import { createQuoteStore } from './quoteStore.ts';

const ES = symbol('ES');
const ZB = symbol('ZB');
let frames: (() => void)[];
let store: QuoteStore;

beforeEach(() => {
  frames = [];
  store = createQuoteStore((work) => frames.push(work));
});

function drawFrame(): void {
  for (const work of frames.splice(0)) work();
}

test('shows nothing before the frame, then the newest of all that came', () => {
  const listener = vi.fn();
  store.subscribe(ZB, listener);
  store.put([quote({ last: 1, id: '1-0' })]);
  store.put([quote({ last: 2, id: '2-0' })]);
  expect(store.get(ZB)).toBeNull();
  expect(frames).toHaveLength(1);
  drawFrame();
  expect(store.get(ZB)?.last).toBe(2);
  expect(listener).toHaveBeenCalledTimes(1);
});

test('tells only the listeners of symbols that changed', () => {
  const onEs = vi.fn();
  const onZb = vi.fn();
  store.subscribe(ES, onEs);
  store.subscribe(ZB, onZb);
  store.put([quote({ symbol: 'ES' })]);
  drawFrame();
  expect(onEs).toHaveBeenCalledTimes(1);
  expect(onZb).not.toHaveBeenCalled();
});

test('drops a quote from an older position, within a frame and across frames', () => {
  store.put([quote({ last: 2, id: '2-0' })]);
  store.put([quote({ last: 1, id: '1-9' })]);
  drawFrame();
  store.put([quote({ last: 1, id: '1-9' })]);
  expect(frames).toHaveLength(0);
  expect(store.get(ZB)?.last).toBe(2);
});

test('orders positions by number, not by text', () => {
  store.put([quote({ last: 9, id: '5-9' })]);
  store.put([quote({ last: 10, id: '5-10' })]);
  drawFrame();
  expect(store.get(ZB)?.last).toBe(10);
});

test('after forgetting positions whatever comes counts as newer, and values stay until then', () => {
  store.put([quote({ last: 2, id: '9000-0' })]);
  drawFrame();
  store.forgetPositions();
  expect(store.get(ZB)?.last).toBe(2);
  store.put([quote({ last: 3, id: '10-0' })]);
  store.put([quote({ last: 4, id: '9-0' })]);
  drawFrame();
  expect(store.get(ZB)?.last).toBe(3);
});

test('a listener that has left hears nothing', () => {
  const listener = vi.fn();
  store.subscribe(ZB, listener)();
  store.put([quote()]);
  drawFrame();
  expect(listener).not.toHaveBeenCalled();
});

test('keeps the same quote object while nothing changes, so that nothing is drawn again', () => {
  store.put([quote()]);
  drawFrame();
  const before = store.get(ZB);
  store.put([quote({ symbol: 'ES' })]);
  drawFrame();
  expect(store.get(ZB)).toBe(before);
});

test('tells which symbols somebody observes, once for all that change together', async () => {
  const told: string[][] = [];
  store.onObserved((symbols) => told.push([...symbols]));
  const ends = [ES, ZB, ES].map((ticker) => store.subscribe(ticker, () => undefined));
  await Promise.resolve();
  ends[0]?.();
  ends[1]?.();
  await Promise.resolve();
  expect(told).toEqual([['ES', 'ZB'], ['ES']]);
});
