// What is kept: which dates of which symbols, how good they are, what they look like, and ways to take them along.
// What the reader looks at stands in the address, so that it can be shared and gone back to.

import { lazy, Suspense, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Answered, Empty, Loading } from '../../components/Answered.tsx';
import { Button } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { Field } from '../../components/Field.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import { dateText, isTradeDate, laterDate, longDate } from '../../domain/tradeDate.ts';
import { useApi } from '../../state/api.ts';
import { useDashboard, useReadable } from '../../state/react.ts';
import { CoverageLegend, CoverageStrips } from './CoverageStrips.tsx';
import type { Cell, Coverage } from './coverage.ts';
import { coverageOf } from './coverage.ts';
import styles from './HistoryPage.module.css';
import type { Interval } from './interval.ts';
import { intervalFor } from './interval.ts';
import { LakePanel } from './LakePanel.tsx';
import { ChosenQuality, DoubtsPanel } from './QualityPanel.tsx';
import { SymbolChooser } from './SymbolChooser.tsx';
import type { Selection } from './selection.ts';
import { TakeAlong } from './TakeAlong.tsx';

const BarsPanel = lazy(async () => ({ default: (await import('./BarsPanel.tsx')).BarsPanel }));

const USUAL_DAYS = 35;
const MOST_DAYS = 400;
const MOST_REPORTS = 1_000;

interface Dates {
  readonly from: string;
  readonly to: string;
}

/** The dates of the address, or the last weeks. A trade date may be tomorrow's: evenings belong to the next day. */
function useDates(): Dates {
  const [parameters] = useSearchParams();
  const [today] = useState(() => dateText(Date.now()));
  const [from, to] = [parameters.get('from') ?? '', parameters.get('to') ?? ''];
  const last = isTradeDate(to) ? to : laterDate(today, 1);
  return { from: isTradeDate(from) ? from : laterDate(last, -USUAL_DAYS), to: last };
}

function useChange(): (changes: Readonly<Record<string, string | null>>) => void {
  const [, setParameters] = useSearchParams();
  return (changes) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value === null || value === '') next.delete(name);
          else next.set(name, value);
        }
        return next;
      },
      { replace: true },
    );
}

export function HistoryPage() {
  const dates = useDates();
  const change = useChange();
  const days = (Date.parse(dates.to) - Date.parse(dates.from)) / 86_400_000;
  const fault =
    days < 0 ? 'The end lies before the start.' : days > MOST_DAYS ? `At most ${MOST_DAYS} days.` : null;
  return (
    <PageFrame
      title="History"
      about="Every tick that is kept, by trade date."
      tools={
        <>
          <Field
            label="First trade date"
            type="date"
            value={dates.from}
            fault={fault}
            onChange={({ target }) => isTradeDate(target.value) && change({ from: target.value, date: null })}
          />
          <Field
            label="Last trade date"
            type="date"
            value={dates.to}
            onChange={({ target }) => isTradeDate(target.value) && change({ to: target.value, date: null })}
          />
        </>
      }
    >
      {fault === null ? <Kept dates={dates} /> : <Empty>{fault}</Empty>}
    </PageFrame>
  );
}

function Kept({ dates }: { readonly dates: Dates }) {
  const { from, to } = dates;
  const answer = useApi('/api/thordata/coverage', { query: { ...dates, format: 'json' } });
  const quality = useApi('/api/thordata/quality', { query: { ...dates, limit: MOST_REPORTS } });
  const instruments = useReadable(useDashboard().instruments);
  const [parameters] = useSearchParams();
  const change = useChange();
  const rows = answer.data?.items;
  const reports = quality.data?.items;
  const whole = useMemo(
    () =>
      rows === undefined
        ? null
        : coverageOf(rows, reports ?? [], instruments?.map(({ symbol }) => symbol) ?? [], { from, to }),
    [rows, reports, instruments, from, to],
  );
  const wanted = (parameters.get('symbols') ?? '').split(',').filter((symbol) => symbol !== '');
  const coverage =
    whole === null || wanted.length === 0
      ? whole
      : { ...whole, symbols: whole.symbols.filter((symbol) => wanted.includes(symbol)) };
  return (
    <>
      <Panel
        title="Coverage"
        flush
        about={whole === null ? undefined : sumOf(whole)}
        tools={
          whole !== null &&
          whole.symbols.length > 1 && (
            <SymbolChooser
              symbols={whole.symbols}
              chosen={wanted}
              onChange={(symbols) => change({ symbols: symbols.join(',') })}
            />
          )
        }
      >
        <Answered
          answer={answer}
          what="coverage"
          isEmpty={(found) => found.items.length === 0}
          empty={<NothingHere />}
        >
          {() =>
            coverage !== null && (
              <>
                <CoverageStrips
                  coverage={coverage}
                  chosen={chosenCell(coverage, parameters)}
                  onChoose={({ symbol, date }) => change({ symbol, date, all: null })}
                />
                <CoverageLegend />
              </>
            )
          }
        </Answered>
      </Panel>
      {coverage !== null && coverage.symbols.length > 0 && (
        <Chosen
          coverage={coverage}
          reports={reports ?? []}
          isPart={quality.data?.next != null}
          cell={chosenCell(coverage, parameters)}
        />
      )}
    </>
  );
}

function sumOf({ cells }: Coverage): string {
  const all = [...cells.values()].flatMap((dates) => [...dates.values()]);
  const ticks = all.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
  const bytes = all.reduce((sum, cell) => sum + (cell.bytes ?? 0), 0);
  return `${ticks.toLocaleString('en-US')} ticks in the lake, ${(bytes / 1_048_576).toFixed(1)} MiB`;
}

/** The cell of the address; without one the newest that has something. */
function chosenCell({ symbols, dates, cells }: Coverage, parameters: URLSearchParams): Cell | null {
  const named = cells.get(parameters.get('symbol') ?? '');
  const exact = named?.get(parameters.get('date') ?? '');
  if (exact !== undefined) return exact;
  for (const symbol of named === undefined ? symbols : [parameters.get('symbol') ?? '', ...symbols]) {
    const kept = dates.toReversed().map((date) => cells.get(symbol)?.get(date));
    const newest = kept.find((cell) => cell !== undefined && cell.amount !== 'none');
    if (newest !== undefined) return newest;
  }
  return null;
}

/** Where there is nothing in these dates, which dates there is something in. */
function NothingHere() {
  const { data } = useApi('/api/thordata/coverage', { query: { format: 'json' } });
  const change = useChange();
  const known = (data?.items ?? []).map(({ date }) => date).toSorted();
  const [first, last] = [known[0], known.at(-1)];
  if (data === undefined) return <>Nothing is kept of these dates.</>;
  if (first === undefined || last === undefined)
    return (
      <>
        Nothing is kept yet. Ticks are stored as they come, and exported after each trade date; thor import
        brings in files.
      </>
    );
  const [from = first] = [laterDate(last, -USUAL_DAYS), first].toSorted().toReversed();
  return (
    <>
      Nothing is kept of these dates, but from {longDate(first)} to {longDate(last)}.{' '}
      <Button onClick={() => change({ from, to: last, date: null })}>Show the newest</Button>
    </>
  );
}

interface ChosenProps {
  readonly coverage: Coverage;
  readonly reports: Parameters<typeof DoubtsPanel>[0]['reports'];
  readonly isPart: boolean;
  readonly cell: Cell | null;
}

function Chosen({ coverage, reports, isPart, cell }: ChosenProps) {
  const [parameters] = useSearchParams();
  const change = useChange();
  const instruments = useReadable(useDashboard().instruments);
  const all = parameters.get('all') === '1';
  const clean = parameters.get('clean') === '1';
  const asked = parameters.get('interval') as Interval | null;
  const selection = cell === null ? null : selectionOf(coverage, cell, { all, clean });
  const instrument = instruments?.find(({ symbol }) => symbol === cell?.symbol) ?? null;
  if (cell === null || instruments === null) return null;
  const interval = selection === null ? null : intervalFor(selection.span, asked);
  return (
    <>
      <div className={styles['choices']}>
        <Choice
          label="Dates"
          value={all ? 'all' : 'one'}
          options={[
            { value: 'one', text: longDate(cell.date) },
            { value: 'all', text: `All dates of ${cell.symbol}` },
          ]}
          onChange={(value) => change({ all: value === 'all' ? '1' : null, interval: null })}
        />
        <Choice
          label="Doubtful rows"
          value={clean ? 'clean' : 'raw'}
          options={[
            { value: 'raw', text: 'As it was received' },
            { value: 'clean', text: 'Cleaned', title: 'Without the rows that a check spoils' },
          ]}
          onChange={(value) => change({ clean: value === 'clean' ? '1' : null })}
        />
      </div>
      <div className={styles['columns']}>
        {selection === null || interval === null ? (
          <Panel title={`${cell.symbol}, ${longDate(cell.date)}`}>
            <Empty>Nothing is kept of this date.</Empty>
          </Panel>
        ) : (
          <div className={styles['column']}>
            <Suspense fallback={<Loading what="the chart" />}>
              <BarsPanel
                selection={selection}
                instrument={instrument}
                interval={interval}
                onInterval={(value) => change({ interval: value })}
              />
            </Suspense>
            <TakeAlong selection={selection} interval={interval} />
          </div>
        )}
        <div className={styles['column']}>
          <ChosenQuality cell={cell} market={instrument?.market ?? null} />
          <DoubtsPanel
            reports={reports}
            isPart={isPart}
            onChoose={({ symbol, trade_date }) => change({ symbol, date: trade_date, all: null })}
          />
        </div>
      </div>
      <LakePanel symbol={cell.symbol} date={cell.date} />
    </>
  );
}

interface Ways {
  readonly all: boolean;
  readonly clean: boolean;
}

/** Null where nothing is kept. */
function selectionOf({ cells, dates }: Coverage, cell: Cell, { all, clean }: Ways): Selection | null {
  const { symbol } = cell;
  const kept = all
    ? dates.flatMap((date) => cells.get(symbol)?.get(date) ?? []).filter(({ span }) => span !== null)
    : [cell];
  const [first, last] = [kept[0], kept.at(-1)];
  if (first?.span == null || last?.span == null || (!all && cell.amount === 'none')) return null;
  const counted = kept.every(({ amount, isDue }) => amount !== 'postgres' && !isDue);
  const oneDate = first.date === last.date;
  return {
    symbol,
    span: { start: first.span.start, end: last.span.end },
    name: oneDate ? longDate(first.date) : `${longDate(first.date)} to ${longDate(last.date)}`,
    shortName: oneDate ? first.date : `${first.date}-to-${last.date}`,
    clean,
    rows: counted && !clean ? kept.reduce((sum, { rows }) => sum + (rows ?? 0), 0) : null,
  };
}
