// Walking a grid by keys, as the ARIA practices describe: one cell is in the tab order, arrows move it.
// Enter follows the link or presses the button of the cell, or else that of the row.

import type { FocusEvent, KeyboardEvent, RefObject } from 'react';
import { useRef } from 'react';

const PAGE = 10;

interface Grid {
  /** With the row of titles. */
  readonly rows: number;
  readonly columns: number;
  /** Draws the row of that place, from 1, if it is not drawn now. */
  bringIntoSight(place: number): unknown;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

function placeOf(element: Element): Place | null {
  const cell = element.closest<HTMLElement>('[data-cell]');
  const row = element.closest<HTMLElement>('[data-place]');
  if (cell === null || row === null) return null;
  return { row: Number(row.dataset['place']), column: Number(cell.dataset['cell']) };
}

/** Where a key leads from a place; null for a key that moves nothing. */
export function stepOf(key: string, withControl: boolean, { row, column }: Place, grid: Grid): Place | null {
  switch (key) {
    case 'ArrowDown':
      return { row: row + 1, column };
    case 'ArrowUp':
      return { row: row - 1, column };
    case 'ArrowRight':
      return { row, column: column + 1 };
    case 'ArrowLeft':
      return { row, column: column - 1 };
    case 'PageDown':
      return { row: row + PAGE, column };
    case 'PageUp':
      return { row: row - PAGE, column };
    case 'Home':
      return { row: withControl ? 1 : row, column: 0 };
    case 'End':
      return { row: withControl ? grid.rows : row, column: grid.columns - 1 };
    default:
      return null;
  }
}

export function useGridKeys(box: RefObject<HTMLElement | null>, grid: Grid) {
  const active = useRef<HTMLElement | null>(null);

  const find = ({ row, column }: Place) =>
    box.current?.querySelector<HTMLElement>(`[data-place="${row}"] [data-cell="${column}"]`) ?? null;

  function focus(place: Place): void {
    const target = {
      row: Math.min(grid.rows, Math.max(1, place.row)),
      column: Math.min(grid.columns - 1, Math.max(0, place.column)),
    };
    const cell = find(target);
    if (cell !== null) {
      cell.focus();
      cell.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
      return;
    }
    grid.bringIntoSight(target.row);
    requestAnimationFrame(() => requestAnimationFrame(() => find(target)?.focus()));
  }

  return {
    onFocus({ target }: FocusEvent): void {
      const cell = target.closest<HTMLElement>('[data-cell]');
      if (cell === null || cell === active.current) return;
      if (active.current !== null) active.current.tabIndex = -1;
      else
        for (const first of box.current?.querySelectorAll<HTMLElement>('[data-cell][tabindex="0"]') ?? [])
          first.tabIndex = -1;
      cell.tabIndex = 0;
      active.current = cell;
    },
    onKeyDown(event: KeyboardEvent): void {
      if (!(event.target instanceof Element) || event.altKey || event.metaKey) return;
      const place = placeOf(event.target);
      if (place === null) return;
      if (
        event.key === 'Enter' &&
        event.target instanceof HTMLElement &&
        event.target.dataset['cell'] !== undefined
      ) {
        event.preventDefault();
        const row = event.target.closest('[data-place]');
        (
          event.target.querySelector<HTMLElement>('a, button') ?? row?.querySelector<HTMLElement>('a, button')
        )?.click();
        return;
      }
      const next = stepOf(event.key, event.ctrlKey, place, grid);
      if (next === null) return;
      event.preventDefault();
      focus(next);
    },
  };
}
