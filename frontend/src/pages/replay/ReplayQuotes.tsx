// What the live page shows, of the day that is told: TOTAL, the instruments as grid or tiles, and one symbol's tape.

import { useCallback, useState } from 'react';
import { useSearchParams } from 'react-router';
import { SymbolAddress } from '../../components/addresses.ts';
import { Choice } from '../../components/Choice.tsx';
import { Select } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import type { Sort } from '../../components/quotes/columnKeys.ts';
import { FIRST_COLUMNS } from '../../components/quotes/columnKeys.ts';
import { QuoteGrid } from '../../components/quotes/QuoteGrid.tsx';
import { QuoteTiles } from '../../components/quotes/QuoteTiles.tsx';
import { TapePanel } from '../../components/quotes/TapePanel.tsx';
import { TotalTile } from '../../components/quotes/TotalTile.tsx';
import { sortedBy, useOrdered } from '../../components/quotes/useOrdered.ts';
import { useMedia } from '../../components/useMedia.ts';
import type { Instrument } from '../../domain/instrument.ts';
import type { InstrumentSymbol } from '../../domain/nominal.ts';
import { useDashboard, useReadable } from '../../state/react.ts';
import styles from './ReplayQuotes.module.css';

const NONE: readonly Instrument[] = [];
const TOO_NARROW_FOR_A_GRID = '(max-width: 1080px)';
const VIEWS = [
  { value: 'grid', text: <Icon name="grid" size={16} />, title: 'Grid' },
  { value: 'tiles', text: <Icon name="tiles" size={16} />, title: 'Tiles' },
] as const;

export function ReplayQuotes({ date }: { readonly date: string }) {
  const dashboard = useDashboard();
  const instruments = useReadable(dashboard.instruments) ?? NONE;
  const [sort, setSort] = useState<Sort | null>(null);
  const ordered = useOrdered(instruments, sort);
  const narrow = useMedia(TOO_NARROW_FOR_A_GRID);
  const [view, setView] = useState<'grid' | 'tiles' | null>(null);
  const [search, setSearch] = useSearchParams();
  const asked = search.get('symbol');
  const chosen = instruments.find(({ symbol }) => symbol === asked) ?? instruments[0];
  const addressOf = useCallback(
    (symbol: InstrumentSymbol) => `/replay?date=${date}&symbol=${encodeURIComponent(symbol)}`,
    [date],
  );
  const shown = view ?? (narrow ? 'tiles' : 'grid');
  return (
    <SymbolAddress value={addressOf}>
      <TotalTile outdated={false} />
      <div className={styles['tools']}>
        <Choice label="View" value={shown} options={VIEWS} onChange={setView} />
      </div>
      {shown === 'grid' ? (
        <QuoteGrid
          instruments={ordered}
          columns={FIRST_COLUMNS}
          sort={sort}
          outdated={false}
          onSort={(column) => setSort(sortedBy(sort, column))}
        />
      ) : (
        <QuoteTiles instruments={ordered} outdated={false} />
      )}
      {chosen !== undefined && (
        <div className={styles['tape']}>
          <Select
            label="Tape of"
            value={chosen.symbol}
            options={instruments.map(({ symbol, name }) => ({ value: symbol, text: `${symbol} – ${name}` }))}
            onChange={(symbol) => setSearch({ date, symbol })}
          />
          <TapePanel instrument={chosen} />
          <p className={styles['hint']}>
            Up to 10× every event stands here, faster than that the newest of each moment.
          </p>
        </div>
      )}
    </SymbolAddress>
  );
}
