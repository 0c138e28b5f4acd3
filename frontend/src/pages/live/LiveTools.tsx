// What stands above the quotes: which list, what of it, how it is drawn, and ways to take it along.

import { Button, IconButton } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { csvText, saveFile } from '../../components/csv.ts';
import { Field, Select } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { useDashboard } from '../../state/react.ts';
import type { Watchlist, Watchlists } from '../../state/watchlists.ts';
import { ColumnChooser } from './ColumnChooser.tsx';
import { COLUMNS } from './columns.tsx';
import { LayoutMenu } from './LayoutMenu.tsx';
import styles from './LiveTools.module.css';
import type { LiveLayout, LiveLayouts } from './liveLayout.ts';
import { WatchlistMenu } from './WatchlistMenu.tsx';

const VIEWS = [
  { value: 'grid', text: <Icon name="grid" size={16} />, title: 'Grid' },
  { value: 'tiles', text: <Icon name="tiles" size={16} />, title: 'Tiles' },
] as const;

interface LiveToolsProps {
  readonly layouts: LiveLayouts;
  readonly isGrid: boolean;
  readonly filter: string;
  readonly watchlists: Watchlists;
  readonly watchlist: Watchlist | null;
  /** All of them, and those that are shown, in their order. */
  readonly instruments: readonly Instrument[];
  readonly shown: readonly Instrument[];
  /** The page stands in a window of its own already. */
  readonly alone: boolean;
  onLayouts(layouts: LiveLayouts): void;
  onFilter(filter: string): void;
}

export function LiveTools(props: LiveToolsProps) {
  const { layouts, isGrid, filter, watchlists, watchlist, instruments, shown, alone, onLayouts, onFilter } =
    props;
  const { current, saved } = layouts;
  const change = (changes: Partial<LiveLayout>) => onLayouts({ saved, current: { ...current, ...changes } });
  const saveCsv = useCsv(shown, current);
  const hasOthers = instruments.some(({ assetClass }) => assetClass !== 'future');
  const lists = [
    { value: 'all', text: hasOthers ? 'All instruments' : 'All futures' },
    ...(hasOthers ? [{ value: 'futures', text: 'Futures' }] : []),
    ...watchlists.lists.map(({ name }) => ({ value: name, text: name })),
  ];
  const known = lists.some(({ value }) => value === current.list);
  return (
    <>
      <div className={styles['group']}>
        <Select
          label="List"
          bare
          value={known ? current.list : 'all'}
          options={lists}
          onChange={(list) => change({ list })}
        />
        <WatchlistMenu
          watchlists={watchlists}
          instruments={instruments}
          shown={watchlist}
          onShow={(list) => change({ list })}
        />
      </div>
      <Field
        label="Filter"
        bare
        type="search"
        placeholder="Filter"
        size={10}
        value={filter}
        onChange={({ target }) => onFilter(target.value)}
      />
      <Choice
        label="View"
        value={isGrid ? 'grid' : 'tiles'}
        options={VIEWS}
        onChange={(view) => change({ view })}
      />
      {isGrid && <ColumnChooser columns={current.columns} onChange={(columns) => change({ columns })} />}
      <LayoutMenu layouts={layouts} onChange={onLayouts} />
      <span className={styles['group']}>
        <Button icon="download" onClick={saveCsv} title="What is shown, as a CSV file">
          CSV
        </Button>
        {!alone && (
          <IconButton
            icon="popOut"
            label="Open in a window of its own"
            onClick={() => window.open('/?alone', 'thor-live', 'popup,width=1180,height=720')}
          />
        )}
      </span>
    </>
  );
}

/** Saves the rows as they are at the press, with the server's texts; times are UTC. */
function useCsv(shown: readonly Instrument[], { columns }: LiveLayout): () => void {
  const { quotes, clock, toasts } = useDashboard();
  return () => {
    const inFile = columns.filter((key) => key !== 'trend');
    const titles = [
      'Symbol',
      'Name',
      ...inFile.map((key) =>
        key === 'age' ? 'Updated at (UTC)' : (COLUMNS[key].fullTitle ?? COLUMNS[key].title),
      ),
    ];
    const rows = shown.map((instrument) => {
      const quote = quotes.get(instrument.symbol);
      return [
        instrument.symbol,
        instrument.name,
        ...inFile.map((key) => (quote === null ? null : COLUMNS[key].csv(quote, instrument))),
      ];
    });
    const at = new Date(clock.now()).toISOString().replace(/[:.]/g, '').slice(0, 15);
    saveFile(`thor-live-${at}Z.csv`, csvText(titles, rows), 'text/csv;charset=utf-8');
    toasts.show({ tone: 'good', title: `${rows.length} rows saved as CSV`, key: 'csv' });
  };
}
