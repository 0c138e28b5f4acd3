// How the live page is laid out: as a grid or as tiles, with which columns, in which order, of which list.
// It is remembered by the browser; layouts that the reader has named are kept beside it.

import type { ColumnKey, Sort } from '../../components/quotes/columnKeys.ts';
import { COLUMN_KEYS, FIRST_COLUMNS } from '../../components/quotes/columnKeys.ts';

/** `auto`: a grid where there is room for one, else tiles. */
export const VIEWS = ['auto', 'grid', 'tiles'] as const;
export type View = (typeof VIEWS)[number];

export interface LiveLayout {
  readonly view: View;
  readonly columns: readonly ColumnKey[];
  /** Null: the list's own order. */
  readonly sort: Sort | null;
  /** `futures`, `all`, or the name of a watchlist. */
  readonly list: string;
}

export interface NamedLayout {
  readonly name: string;
  readonly layout: LiveLayout;
}

export interface LiveLayouts {
  readonly current: LiveLayout;
  readonly saved: readonly NamedLayout[];
}

export const FIRST_LAYOUT: LiveLayout = { view: 'auto', columns: FIRST_COLUMNS, sort: null, list: 'all' };

type Stored = Readonly<Record<string, unknown>>;

function objectOf(value: unknown): Stored {
  return typeof value === 'object' && value !== null ? (value as Stored) : {};
}

function decodeColumns(value: unknown): readonly ColumnKey[] {
  if (!Array.isArray(value)) return FIRST_COLUMNS;
  const known = value.flatMap((key) => COLUMN_KEYS.find((column) => column === key) ?? []);
  return [...new Set(known)];
}

function decodeSort(value: unknown): Sort | null {
  const { column, descending } = objectOf(value);
  const known = column === 'symbol' ? 'symbol' : COLUMN_KEYS.find((key) => key === column);
  return known === undefined ? null : { column: known, descending: descending === true };
}

function decodeLayout(value: unknown): LiveLayout {
  const { view, columns, sort, list } = objectOf(value);
  return {
    view: VIEWS.find((choice) => choice === view) ?? FIRST_LAYOUT.view,
    columns: decodeColumns(columns),
    sort: decodeSort(sort),
    list: typeof list === 'string' ? list : FIRST_LAYOUT.list,
  };
}

/** What was stored, as far as it can be understood. */
export function decodeLayouts(value: unknown): LiveLayouts {
  const { current, saved } = objectOf(value);
  const named = Array.isArray(saved) ? saved.map(objectOf) : [];
  return {
    current: decodeLayout(current),
    saved: named.flatMap(({ name, layout }) =>
      typeof name === 'string' && name !== '' ? [{ name, layout: decodeLayout(layout) }] : [],
    ),
  };
}
