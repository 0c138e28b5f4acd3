import { expect, test } from 'vitest';
import type { Strategy, Wanted } from './wanted.ts';
import { combinationsOf, faultOf, requestOf, wantedOf } from './wanted.ts';

const window = (name: string, kind = 'integer') => ({
  name,
  kind,
  default: 20,
  help: '',
  least: 1,
  most: 100,
  choices: [],
});
const strategy: Strategy = {
  name: 'sma_cross',
  summary: '',
  feed: 'bars',
  parameters: [window('fast'), window('slow'), window('short', 'boolean')],
  error: null,
};
const wanted: Wanted = {
  strategy: 'sma_cross',
  symbols: ['ES'],
  start: '2026-04-06',
  end: '2026-05-15',
  parameters: { fast: '5', slow: '', short: 'true' },
  options: { interval_s: '300', fee: '2.10', latency_us: '5', source: '' },
  isSweep: false,
};

test('a run says what the reader said and nothing else', () => {
  expect(requestOf(wanted, strategy)).toEqual({
    strategy: 'sma_cross',
    symbols: ['ES'],
    start: '2026-04-06',
    end: '2026-05-15',
    parameters: { fast: 5, short: true },
    options: { interval_s: 300, fee: '2.10' },
  });
});

test('a sweep has the values that vary in its grid', () => {
  const sweep = { ...wanted, isSweep: true, parameters: { fast: '5:55:10', slow: '60, 90', short: 'false' } };
  expect(requestOf(sweep, strategy)).toMatchObject({
    parameters: { short: false },
    grid: { fast: '5:55:10', slow: '60, 90' },
  });
  expect(combinationsOf(['5:55:10', '60, 90', 'false'])).toBe(12);
  expect(combinationsOf(['5:1:1'])).toBeNull();
  expect(combinationsOf(['5:x:1'])).toBeNull();
});

test('a field says what is wrong with it', () => {
  const fast = window('fast');
  expect(faultOf(fast, '5.5', false)).toBe('Not a whole number.');
  expect(faultOf(fast, '101', false)).toBe('From 1 to 100.');
  expect(faultOf(fast, '5,10', false)).toBe('One value; a sweep takes several.');
  expect(faultOf(fast, '5,10', true)).toBeNull();
  expect(faultOf(fast, '', false)).toBeNull();
});

test('a specification becomes the form again', () => {
  const found = wantedOf({
    strategy: 'sma_cross',
    symbols: ['ES'],
    start: '2026-04-06T00:00:00Z',
    end: '2026-05-16T00:00:00Z',
    parameters: { fast: 5, short: false },
    interval_s: 300,
    slippage_ticks: null,
  });
  expect(found.parameters).toEqual({ fast: '5', short: 'false' });
  expect(found.options).toMatchObject({ interval_s: '300', slippage_ticks: '' });
});
