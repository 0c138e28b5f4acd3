// The order of a list of instruments by one of its columns.

import { useMemo } from 'react';
import type { Instrument } from '../../domain/instrument.ts';
import { useAtTick, useDashboard } from '../../state/react.ts';
import type { Sort } from './columnKeys.ts';
import { COLUMNS } from './columns.tsx';
import type { Ordering } from './order.ts';
import { ordered } from './order.ts';

function orderingOf(sort: Sort | null): Ordering | null {
  if (sort === null) return null;
  const { column, descending } = sort;
  return {
    descending,
    valueOf: (instrument, quote) => {
      if (column === 'symbol') return instrument.symbol;
      return quote === null ? null : COLUMNS[column].sortValue(quote, instrument);
    },
  };
}

/** In order as of the last whole second, so that rows do not dance with every quote. */
export function useOrdered(instruments: readonly Instrument[], sort: Sort | null): readonly Instrument[] {
  const { quotes } = useDashboard();
  const ordering = useMemo(() => orderingOf(sort), [sort]);
  const order = useAtTick(() =>
    ordered(instruments, quotes.get, ordering)
      .map(({ symbol }) => symbol)
      .join(),
  );
  return useMemo(() => {
    const places = new Map(order.split(',').map((symbol, place) => [symbol, place]));
    const placeOf = ({ symbol }: Instrument) => places.get(symbol) ?? 0;
    return instruments.toSorted((a, b) => placeOf(a) - placeOf(b));
  }, [instruments, order]);
}

/** What a press on a column's title makes of the order: first down, then up, then the list's own; symbols the other way round. */
export function sortedBy(sort: Sort | null, column: Sort['column']): Sort | null {
  const firstDescending = column !== 'symbol';
  if (sort?.column !== column) return { column, descending: firstDescending };
  return sort.descending === firstDescending ? { column, descending: !sort.descending } : null;
}
