// What the reader asks for: the fields of the form, and the request made of them. The server checks and completes it.

import type { Shape } from '../../services/api/client.ts';

export type Strategy = Shape<'StrategyRecord'>;
export type Parameter = Strategy['parameters'][number];

/** Every field as the reader wrote it. Empty: the server's default. */
export interface Wanted {
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly start: string;
  readonly end: string;
  /** By name; in a sweep also `5,10,20` or `5:55:10`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly isSweep: boolean;
}

export interface Option {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  /** What the server takes when nothing is said. */
  readonly usual: string;
  /** Whether it goes as a whole number; the others are decimals as text. */
  readonly isWhole?: boolean;
  /** The feed of strategies that it means something to; both when it is not said. */
  readonly feed?: 'bars' | 'ticks';
}

export const OPTIONS: readonly Option[] = [
  { name: 'interval_s', title: 'Length of a bar', hint: 'seconds', usual: '60', isWhole: true, feed: 'bars' },
  { name: 'cash', title: 'Money at the start', hint: 'in the account’s currency', usual: '100000' },
  { name: 'fee', title: 'Fee', hint: 'a contract and side', usual: '2.50' },
  { name: 'fee_rate', title: 'Fee on the value', hint: 'a share, such as 0.00002', usual: '0' },
  {
    name: 'slippage_ticks',
    title: 'Slippage',
    hint: 'ticks beyond the quote',
    usual: '1 on bars, 0 on ticks',
  },
  { name: 'latency_us', title: 'Latency', hint: 'microseconds', usual: '1000', isWhole: true, feed: 'ticks' },
  { name: 'initial_margin', title: 'Initial margin', hint: 'a contract', usual: '0' },
  { name: 'maintenance_margin', title: 'Maintenance margin', hint: 'a contract', usual: '0' },
  {
    name: 'flat_before_close_s',
    title: 'Flat before the close',
    hint: 'seconds; empty: positions stay over night',
    usual: 'never',
    isWhole: true,
  },
  { name: 'source', title: 'Source', hint: 'such as TOS', usual: 'the fullest' },
  { name: 'seed', title: 'Seed', hint: 'of every drawing of lots', usual: '1', isWhole: true },
];

const VARIES = /[,:]/;

export function variesIn(text: string): boolean {
  return VARIES.test(text);
}

function parameterValue({ kind }: Parameter, text: string): string | number | boolean {
  if (kind === 'boolean') return text === 'true';
  if (kind === 'choice') return text;
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

/** The body of the request: of a sweep with a grid, of a run without one. */
export function requestOf(wanted: Wanted, strategy: Strategy): Record<string, unknown> {
  const { symbols, start, end, isSweep } = wanted;
  const parameters: Record<string, unknown> = {};
  const grid: Record<string, string> = {};
  for (const parameter of strategy.parameters) {
    const text = (wanted.parameters[parameter.name] ?? '').trim();
    if (text === '') continue;
    if (isSweep && variesIn(text)) grid[parameter.name] = text;
    else parameters[parameter.name] = parameterValue(parameter, text);
  }
  const options: Record<string, unknown> = {};
  for (const { name, isWhole, feed } of OPTIONS) {
    const text = (wanted.options[name] ?? '').trim();
    if (text === '' || (feed !== undefined && feed !== strategy.feed)) continue;
    options[name] = isWhole === true && /^-?\d+$/.test(text) ? Number(text) : text;
  }
  return { strategy: strategy.name, symbols, start, end, parameters, options, ...(isSweep ? { grid } : {}) };
}

/** How many runs a sweep is, where that can be counted; null for a text that is no list of values. */
export function combinationsOf(texts: readonly string[]): number | null {
  let total = 1;
  for (const text of texts) {
    if (!variesIn(text)) continue;
    const words = text.split(text.includes(':') ? ':' : ',').map((word) => word.trim());
    if (!text.includes(':')) {
      total *= words.filter((word) => word !== '').length;
      continue;
    }
    const [first, last, step] = words.map(Number);
    if (words.length !== 3 || first === undefined || last === undefined || step === undefined) return null;
    const values = Math.floor((last - first) / step + 1e-9) + 1;
    if (!(step > 0) || !(values >= 1)) return null;
    total *= values;
  }
  return total;
}

/** What is wrong with a field, in words; null when nothing is, as far as this page can tell. */
export function faultOf(parameter: Parameter, text: string, isSweep: boolean): string | null {
  const { kind, least, most } = parameter;
  if (text.trim() === '' || kind === 'boolean' || kind === 'choice') return null;
  if (variesIn(text)) {
    if (!isSweep) return 'One value; a sweep takes several.';
    return combinationsOf([text]) === null ? 'Values are 5,10,20 or 5:55:10.' : null;
  }
  const number = Number(text);
  if (!Number.isFinite(number)) return 'Not a number.';
  if (kind === 'integer' && !Number.isInteger(number)) return 'Not a whole number.';
  if ((least !== null && number < least) || (most !== null && number > most))
    return `From ${least ?? '−∞'} to ${most ?? '∞'}.`;
  return null;
}

/** A run's own specification as fields, to ask for a similar one. */
export function wantedOf(specification: Readonly<Record<string, unknown>>): Wanted {
  const text = (value: unknown) => (value === null || value === undefined ? '' : String(value));
  const parameters = (specification['parameters'] ?? {}) as Readonly<Record<string, unknown>>;
  const symbols = specification['symbols'];
  return {
    strategy: text(specification['strategy']),
    symbols: Array.isArray(symbols) ? symbols.map(String) : [],
    start: text(specification['start']),
    end: text(specification['end']),
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, text(value)])),
    options: Object.fromEntries(OPTIONS.map(({ name }) => [name, text(specification[name])])),
    isSweep: false,
  };
}
