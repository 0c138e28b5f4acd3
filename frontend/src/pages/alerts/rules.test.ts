import { expect, test } from 'vitest';
import type { Rule } from './rules.ts';
import { draftOf, faultOf, inputOf, NEW_DRAFT, sentenceOf } from './rules.ts';

const RULE: Rule = {
  ...{ id: 1, name: 'Breakout', kind: 'threshold', severity: 'warning', symbols: ['ES', 'NQ'], markets: [] },
  ...{ sources: [], limit: '4810.000000001', side: 'above', signals: [], rearm: '0.5', cooldown_s: 60 },
  ...{ once: false, enabled: true, channels: [], version: 2, author: 'otto' },
  ...{ changed_at: '2026-11-24T15:00:00Z', last_told_at: null },
};

test('a rule that is edited and not changed stays the same, to the last digit', () => {
  const { id, channels, version, author, changed_at, last_told_at, ...same } = RULE;
  expect(inputOf(draftOf(RULE))).toEqual(same);
});

test('a kind is told nothing that it does not know', () => {
  const draft = { ...draftOf(RULE), kind: 'opens', markets: 'nyse;  LSE' } as const;
  expect(inputOf(draft)).toMatchObject({
    ...{ symbols: [], markets: ['NYSE', 'LSE'], limit: null, rearm: '0', cooldown_s: 0, side: 'above' },
  });
  expect(inputOf({ ...NEW_DRAFT, name: ' a ', cooldown: 'soon' })).toMatchObject({
    name: 'a',
    cooldown_s: 0,
  });
});

test('each kind has its sentence', () => {
  expect(sentenceOf(RULE)).toBe('ES, NQ rises above 4810.000000001, again after 0.5 back');
  const plain = { ...RULE, rearm: '0', symbols: [] };
  expect(sentenceOf({ ...plain, kind: 'change', side: 'beyond', limit: '2' })).toBe(
    'any symbol changes either way beyond 2 %',
  );
  expect(sentenceOf({ ...plain, kind: 'signal', symbols: ['TOTAL'], signals: ['BUY', 'STRONG_BUY'] })).toBe(
    'TOTAL becomes buy or strong buy',
  );
  expect(sentenceOf({ ...plain, kind: 'source_lost', limit: null })).toBe('any source is not heard for 10 s');
});

test('a problem is shown at the field that it is about', () => {
  expect(faultOf('limit: A threshold needs a limit.')).toEqual({
    field: 'limit',
    text: 'A threshold needs a limit.',
  });
  expect(faultOf('given.symbols.0: too long')).toEqual({ field: 'symbols', text: 'too long' });
  expect(faultOf('Log in first.')).toEqual({ field: '', text: 'Log in first.' });
});
