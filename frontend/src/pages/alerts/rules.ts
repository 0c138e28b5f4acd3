// What an alert rule says, in words; and what each kind of rule has to be told. Pure.

import type { Shape } from '../../services/api/client.ts';

export type Rule = Shape<'AlertRuleRecord'>;
export type RuleInput = Shape<'AlertRuleInput'>;
export type Kind = RuleInput['kind'];
export type Signal = NonNullable<RuleInput['signals']>[number];

export const KINDS: Readonly<Record<Kind, string>> = {
  threshold: 'Price crosses a level',
  change: 'Change in percent',
  signal: 'Signal becomes',
  stale_feed: 'Symbol is silent',
  source_lost: 'Source is lost',
  opens: 'Market opens',
  closes: 'Market closes',
  missed_trigger: 'Trigger missed or failed',
  horizon: 'Calendar runs out',
};

export const SIGNALS: Readonly<Record<Signal, string>> = {
  STRONG_BUY: 'Strong buy',
  BUY: 'Buy',
  HOLD: 'Hold',
  SELL: 'Sell',
  STRONG_SELL: 'Strong sell',
};

type Part = 'symbols' | 'markets' | 'sources' | 'limit' | 'side' | 'signals' | 'rearm' | 'again';

/** What a kind is told beside its name; whatever else a form holds is left out. */
export const PARTS: Readonly<Record<Kind, readonly Part[]>> = {
  threshold: ['symbols', 'side', 'limit', 'rearm', 'again'],
  change: ['symbols', 'side', 'limit', 'rearm', 'again'],
  signal: ['symbols', 'signals', 'again'],
  stale_feed: ['symbols', 'limit'],
  source_lost: ['sources', 'limit'],
  opens: ['markets'],
  closes: ['markets'],
  missed_trigger: [],
  horizon: ['markets'],
};

/** A rule in the making: everything as it is typed. */
export interface Draft {
  readonly name: string;
  readonly kind: Kind;
  readonly severity: NonNullable<RuleInput['severity']>;
  readonly symbols: string;
  readonly markets: string;
  readonly sources: string;
  readonly limit: string;
  readonly side: NonNullable<RuleInput['side']>;
  readonly signals: readonly Signal[];
  readonly rearm: string;
  readonly cooldown: string;
  readonly once: boolean;
  readonly enabled: boolean;
}

export const NEW_DRAFT: Draft = {
  name: '',
  kind: 'threshold',
  severity: 'info',
  symbols: '',
  markets: '',
  sources: '',
  limit: '',
  side: 'above',
  signals: [],
  rearm: '',
  cooldown: '',
  once: false,
  enabled: true,
};

export function draftOf(rule: Rule): Draft {
  const shown = (text: string) => (text === '0' ? '' : text);
  return {
    name: rule.name,
    kind: rule.kind as Kind,
    severity: rule.severity as Draft['severity'],
    symbols: rule.symbols.join(', '),
    markets: rule.markets.join(', '),
    sources: rule.sources.join(', '),
    limit: rule.limit ?? '',
    side: rule.side as Draft['side'],
    signals: rule.signals as readonly Signal[],
    rearm: shown(rule.rearm),
    cooldown: shown(String(rule.cooldown_s)),
    once: rule.once,
    enabled: rule.enabled,
  };
}

const words = (text: string) =>
  text
    .toUpperCase()
    .split(/[\s,;]+/)
    .filter((word) => word !== '');

/** What is sent: numbers stay the text that was typed, so that no digit is lost; the server says what is wrong. */
export function inputOf(draft: Draft): RuleInput {
  const parts = new Set(PARTS[draft.kind]);
  const again = parts.has('again');
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    severity: draft.severity,
    symbols: parts.has('symbols') ? words(draft.symbols) : [],
    markets: parts.has('markets') ? words(draft.markets) : [],
    sources: parts.has('sources') ? words(draft.sources) : [],
    limit: parts.has('limit') && draft.limit.trim() !== '' ? draft.limit.trim() : null,
    side: parts.has('side') ? draft.side : 'above',
    signals: parts.has('signals') ? [...draft.signals] : [],
    rearm: parts.has('rearm') && draft.rearm.trim() !== '' ? draft.rearm.trim() : '0',
    cooldown_s: again ? Math.max(0, Math.trunc(Number(draft.cooldown)) || 0) : 0,
    once: again && draft.once,
    enabled: draft.enabled,
  };
}

/** The problem's sentence by the field it is about: `limit: …` belongs to the limit. */
export function faultOf(detail: string): { readonly field: string; readonly text: string } {
  const found = /^(?:body\.)?(?:given\.)?(\w+)(?:\.\d+)?: (.+)$/s.exec(detail);
  return found === null ? { field: '', text: detail } : { field: found[1] ?? '', text: found[2] ?? detail };
}

const listed = (names: readonly string[], otherwise: string) =>
  names.length === 0 ? otherwise : names.join(', ');

/** The rule in one sentence. */
export function sentenceOf(rule: Rule): string {
  const symbols = listed(rule.symbols, 'any symbol');
  switch (rule.kind as Kind) {
    case 'threshold':
      return `${symbols} ${rule.side === 'below' ? 'falls below' : 'rises above'} ${rule.limit ?? '?'}${backOf(rule)}`;
    case 'change': {
      const where = rule.side === 'beyond' ? 'either way beyond' : rule.side;
      return `${symbols} changes ${where} ${rule.limit ?? '?'} %${backOf(rule)}`;
    }
    case 'signal': {
      const wanted = rule.signals.map((signal) => SIGNALS[signal as Signal] ?? signal);
      return `${symbols} becomes ${wanted.join(' or ').toLowerCase()}`;
    }
    case 'stale_feed':
      return `${symbols} is silent for ${rule.limit ?? 30} s while its market is open`;
    case 'source_lost':
      return `${listed(rule.sources, 'any source')} is not heard for ${rule.limit ?? 10} s`;
    case 'opens':
    case 'closes':
      return `${listed(rule.markets, 'any traded market')} ${rule.kind}`;
    case 'missed_trigger':
      return 'a trigger was missed or has failed';
    case 'horizon':
      return `the calendar of ${listed(rule.markets, 'a traded market')} ends within 60 days`;
  }
}

function backOf({ rearm }: Rule): string {
  return rearm === '0' ? '' : `, again after ${rearm} back`;
}
