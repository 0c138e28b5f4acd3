// The first page: TOTAL, then every instrument of the chosen list with its newest quote, as a grid or as tiles.

import { useContext, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Empty } from '../../components/Answered.tsx';
import { Notice } from '../../components/Notice.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { filtered } from '../../components/quotes/order.ts';
import { QuoteGrid } from '../../components/quotes/QuoteGrid.tsx';
import { QuoteTiles } from '../../components/quotes/QuoteTiles.tsx';
import { TotalTile } from '../../components/quotes/TotalTile.tsx';
import { sortedBy, useOrdered } from '../../components/quotes/useOrdered.ts';
import { useMedia } from '../../components/useMedia.ts';
import type { Instrument } from '../../domain/instrument.ts';
import type { Cell } from '../../state/cell.ts';
import { createCell } from '../../state/cell.ts';
import { MemoryContext, useDashboard, useOutage, useReadable } from '../../state/react.ts';
import { createRemembered } from '../../state/remembered.ts';
import type { Watchlist } from '../../state/watchlists.ts';
import { useWatchlists } from '../../state/watchlists.ts';
import styles from './LivePage.module.css';
import { LiveTools } from './LiveTools.tsx';
import type { LiveLayout, LiveLayouts } from './liveLayout.ts';
import { decodeLayouts } from './liveLayout.ts';
import { Summary } from './Summary.tsx';

const TOO_NARROW_FOR_A_GRID = '(max-width: 1080px)';

function useLayouts(): Cell<LiveLayouts> {
  const memory = useContext(MemoryContext);
  const [cell] = useState(() =>
    memory === null ? createCell(decodeLayouts(null)) : createRemembered(memory, 'thor.live', decodeLayouts),
  );
  return cell;
}

/** The list's instruments in its own order; a symbol that the registry does not have is left out. */
function instrumentsOf(list: string, instruments: readonly Instrument[], watchlist: Watchlist | null) {
  if (watchlist !== null) {
    const known = new Map(instruments.map((instrument) => [instrument.symbol as string, instrument]));
    return watchlist.symbols.flatMap((symbol) => known.get(symbol) ?? []);
  }
  return list === 'futures' ? instruments.filter(({ assetClass }) => assetClass === 'future') : instruments;
}

export function LivePage() {
  const outdated = useOutage() !== null;
  const instruments = useReadable(useDashboard().instruments);
  if (instruments === null) {
    return outdated ? (
      <Notice title="The Thor server does not answer">
        The page goes on trying and will fill itself as soon as the server is back.
      </Notice>
    ) : (
      <Notice title="Loading the instruments" busy />
    );
  }
  if (instruments.length === 0) {
    return <Notice title="No instruments to show">The server's registry holds no instruments.</Notice>;
  }
  return <LiveContent instruments={instruments} outdated={outdated} />;
}

interface LiveContentProps {
  readonly instruments: readonly Instrument[];
  readonly outdated: boolean;
}

function LiveContent({ instruments, outdated }: LiveContentProps) {
  const layouts = useLayouts();
  const { current, saved } = useReadable(layouts);
  const change = (changes: Partial<LiveLayout>) =>
    layouts.set({ saved, current: { ...current, ...changes } });
  const watchlists = useWatchlists();
  const watchlist = watchlists.lists.find(({ name }) => name === current.list) ?? null;
  const [filter, setFilter] = useState('');
  const narrow = useMedia(TOO_NARROW_FOR_A_GRID);
  const isGrid = current.view === 'grid' || (current.view === 'auto' && !narrow);
  const listed = useMemo(
    () => filtered(instrumentsOf(current.list, instruments, watchlist), filter),
    [current.list, instruments, watchlist, filter],
  );
  const shown = useOrdered(listed, current.sort);
  const [search] = useSearchParams();
  const alone = search.has('alone');

  return (
    <PageFrame
      title="Live"
      isLive
      about={<Summary instruments={listed} />}
      tools={
        <LiveTools
          layouts={{ current, saved }}
          onLayouts={layouts.set}
          isGrid={isGrid}
          filter={filter}
          onFilter={setFilter}
          watchlists={watchlists}
          watchlist={watchlist}
          instruments={instruments}
          shown={shown}
          alone={alone}
        />
      }
    >
      <TotalTile outdated={outdated} />
      {shown.length === 0 && (
        <Empty>
          {filter === '' ? 'This list is empty: its settings add symbols to it.' : 'Nothing fits the filter.'}
        </Empty>
      )}
      {shown.length > 0 &&
        (isGrid ? (
          <QuoteGrid
            instruments={shown}
            columns={current.columns}
            sort={current.sort}
            outdated={outdated}
            onSort={(column) => change({ sort: sortedBy(current.sort, column) })}
          />
        ) : (
          <div className={styles['tiles']}>
            <QuoteTiles instruments={shown} outdated={outdated} />
          </div>
        ))}
    </PageFrame>
  );
}
