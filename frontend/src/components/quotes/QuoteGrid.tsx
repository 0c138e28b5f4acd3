// The live page as a grid: one row an instrument, in the reader's columns and order. Only rows in sight are drawn
// when there are many. It is walked by the arrow keys; Enter opens the symbol's page.

import { useVirtualizer } from '@tanstack/react-virtual';
import type { CSSProperties } from 'react';
import { memo, useContext, useRef } from 'react';
import { Link } from 'react-router';
import type { Instrument } from '../../domain/instrument.ts';
import { SymbolAddress } from '../addresses.ts';
import { NOTHING } from '../Price.tsx';
import { useRow } from '../useRow.ts';
import type { ColumnKey, Sort } from './columnKeys.ts';
import { COLUMNS } from './columns.tsx';
import styles from './QuoteGrid.module.css';
import { useGridKeys } from './useGridKeys.ts';

/** Up to so many rows are drawn whole: printing and searching in the page then find all of them. */
const DRAWN_WHOLE = 60;
const SYMBOL_WIDTH = 8.25;
const OVERSCAN = 3;

interface QuoteRowProps {
  readonly instrument: Instrument;
  readonly columns: readonly ColumnKey[];
  readonly outdated: boolean;
  /** Place in the grid; the titles are 1. */
  readonly place: number;
}

const QuoteRow = memo(function QuoteRow({ instrument, columns, outdated, place }: QuoteRowProps) {
  const row = useRow(instrument, outdated);
  const addressOf = useContext(SymbolAddress);
  return (
    <tr
      role="row"
      aria-rowindex={place}
      data-place={place}
      data-symbol={instrument.symbol}
      data-old={row?.old ?? false}
      data-stale={row?.stale ?? false}
      data-empty={row === null}
    >
      <th role="rowheader" scope="row" tabIndex={-1} data-cell={0} className={styles['symbol']}>
        <Link to={addressOf(instrument.symbol)} tabIndex={-1} className={styles['link'] ?? ''}>
          <span className={styles['ticker']}>{instrument.symbol}</span>
          <span className={styles['name']}>{instrument.name}</span>
        </Link>
      </th>
      {columns.map((key, column) => (
        <td
          key={key}
          role="gridcell"
          tabIndex={-1}
          data-cell={column + 1}
          data-column={key}
          data-align={COLUMNS[key].align}
        >
          {row === null ? emptyCell(key) : COLUMNS[key].draw(row, instrument)}
        </td>
      ))}
    </tr>
  );
});

function emptyCell(key: ColumnKey): string {
  return key === 'source' ? 'no quote yet' : NOTHING;
}

interface QuoteGridProps {
  readonly instruments: readonly Instrument[];
  readonly columns: readonly ColumnKey[];
  readonly sort: Sort | null;
  /** The values are from before an outage. */
  readonly outdated: boolean;
  onSort(column: Sort['column']): void;
}

export function QuoteGrid({ instruments, columns, sort, outdated, onSort }: QuoteGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const many = instruments.length > DRAWN_WHOLE;
  const virtual = useVirtualizer({
    count: instruments.length,
    enabled: many,
    getScrollElement: () => box.current,
    estimateSize: rowHeight,
    overscan: OVERSCAN,
  });
  const items = virtual.getVirtualItems();
  const first = many ? (items[0]?.index ?? 0) : 0;
  const behind = many ? (items.at(-1)?.index ?? -1) + 1 : instruments.length;
  const above = many ? (items[0]?.start ?? 0) : 0;
  const below = many ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const keys = useGridKeys(box, {
    rows: instruments.length + 1,
    columns: columns.length + 1,
    bringIntoSight: (place) => many && place > 1 && virtual.scrollToIndex(place - 2),
  });
  return (
    <div ref={box} className={styles['box']} data-many={many}>
      <table
        role="grid"
        className={styles['table']}
        style={tableStyle(columns)}
        aria-label="Live quotes"
        aria-rowcount={instruments.length + 1}
        aria-colcount={columns.length + 1}
        onKeyDown={keys.onKeyDown}
        onFocus={keys.onFocus}
      >
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1} data-place={1}>
            <TitleCell column="symbol" title="Symbol" align="start" cell={0} sort={sort} onSort={onSort} />
            {columns.map((key, column) => (
              <TitleCell
                key={key}
                column={key}
                title={COLUMNS[key].title}
                align={COLUMNS[key].align}
                cell={column + 1}
                sort={sort}
                onSort={onSort}
              />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {above > 0 && <Space height={above} />}
          {instruments.slice(first, behind).map((instrument, offset) => (
            <QuoteRow
              key={instrument.symbol}
              instrument={instrument}
              columns={columns}
              outdated={outdated}
              place={first + offset + 2}
            />
          ))}
          {below > 0 && <Space height={below} />}
        </tbody>
      </table>
    </div>
  );
}

/** Every row is a box of its own with the same columns, so that a price that changes lays out its cell and nothing else. */
function tableStyle(columns: readonly ColumnKey[]): CSSProperties {
  const widths = [SYMBOL_WIDTH, ...columns.map((key) => COLUMNS[key].width)];
  const total = widths.reduce((sum, width) => sum + width, 0);
  return {
    minWidth: `${total}rem`,
    ['--columns' as string]: widths.map((width) => `${width}fr`).join(' '),
  };
}

/** The height of a row in pixels, as the reader's density has it. */
function rowHeight(): number {
  const style = getComputedStyle(document.documentElement);
  return (
    Number.parseFloat(style.getPropertyValue('--row') || '2.5') * (Number.parseFloat(style.fontSize) || 16) +
    1
  );
}

/** Stands for the rows out of sight. */
function Space({ height }: { readonly height: number }) {
  return (
    <tr role="presentation" className={styles['space']} style={{ height }}>
      <td />
    </tr>
  );
}

interface TitleCellProps {
  readonly column: Sort['column'];
  readonly title: string;
  readonly align: string;
  readonly cell: number;
  readonly sort: Sort | null;
  onSort(column: Sort['column']): void;
}

function TitleCell({ column, title, align, cell, sort, onSort }: TitleCellProps) {
  const direction = sort?.column !== column ? 'none' : sort.descending ? 'descending' : 'ascending';
  return (
    <th
      role="columnheader"
      scope="col"
      tabIndex={cell === 0 ? 0 : -1}
      data-cell={cell}
      data-align={align}
      aria-sort={direction}
      className={column === 'symbol' ? styles['symbol'] : undefined}
    >
      <button type="button" tabIndex={-1} className={styles['sort']} onClick={() => onSort(column)}>
        {title}
        <span aria-hidden="true" className={styles['arrow']}>
          {direction === 'none' ? '' : direction === 'descending' ? '▼' : '▲'}
        </span>
      </button>
    </th>
  );
}
