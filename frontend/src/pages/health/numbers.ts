// Counts and rates as this page writes them.

import { NOTHING } from '../../components/Price.tsx';

const COUNT = new Intl.NumberFormat('en-US');

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : COUNT.format(value);
}

export function rate(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : `${value.toFixed(1)}/s`;
}
