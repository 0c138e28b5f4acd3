// How amounts of results are told: money, shares, ratios, counts, durations. What is missing is a dash, never a 0.

import { NOTHING } from './Price.tsx';

const MONEY = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const SHARE = new Intl.NumberFormat('en-US', {
  style: 'percent',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const RATIO = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });
const COUNT = new Intl.NumberFormat('en-US');

type Amount = number | null | undefined;

function told(format: Intl.NumberFormat, value: Amount): string {
  return value === null || value === undefined ? NOTHING : format.format(value);
}

/** `101,250.00`; the currency is the account's. */
export const money = (value: Amount) => told(MONEY, value);
/** `1.25%` for 0.0125 */
export const share = (value: Amount) => told(SHARE, value);
/** Four digits that count. */
export const ratio = (value: Amount) => told(RATIO, value);
export const count = (value: Amount) => told(COUNT, value);

/** Seconds as `4.2 s`, `12 min`, `3.5 h` or `2.1 d`. */
export function duration(seconds: Amount): string {
  if (seconds === null || seconds === undefined) return NOTHING;
  if (seconds < 60) return `${RATIO.format(seconds)} s`;
  if (seconds < 3_600) return `${RATIO.format(seconds / 60)} min`;
  return seconds < 86_400 ? `${RATIO.format(seconds / 3_600)} h` : `${RATIO.format(seconds / 86_400)} d`;
}

/** A figure by its unit. */
export function figure(value: Amount, unit: string): string {
  return unit === 'share' ? share(value) : unit === 'money' ? money(value) : ratio(value);
}
