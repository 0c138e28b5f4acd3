// The tables of a report: figures with their intervals, trades, breakdowns, and the same run at other costs.

import { useState } from 'react';
import { Empty } from '../../components/Answered.tsx';
import { count, duration, figure, money, ratio, share } from '../../components/amounts.ts';
import { Button } from '../../components/Button.tsx';
import { CellTable } from '../../components/CellTable.tsx';
import { csvText, saveFile } from '../../components/csv.ts';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { serverTime } from '../../domain/nominal.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './Report.module.css';
import type { Result } from './Report.tsx';

interface PartProps {
  readonly result: Result;
}

/** So many trades are drawn at first; the file has all that were kept. */
const FIRST_TRADES = 50;
const TRADE_COLUMNS = [
  'symbol',
  'entered_us',
  'left_us',
  'quantity',
  'entry',
  'exit',
  'profit',
  'fees',
  'worst',
  'best',
] as const;

export function FiguresPanel({ result }: PartProps) {
  const rows = Object.entries(result.figures).map(([name, it]) => {
    const interval = result.confidence[name];
    return {
      key: name,
      cells: [
        it.title,
        it.withheld ? 'withheld' : figure(it.value, it.unit),
        interval === null || interval === undefined
          ? ''
          : `${figure(interval[0], it.unit)} … ${figure(interval[1], it.unit)}`,
        it.formula,
        it.source,
      ],
    };
  });
  const { periods } = result;
  return (
    <Panel
      title="Figures"
      flush
      about={`of ${count(periods.count)} returns a ${periods.name}, ${count(periods.dates)} trade dates`}
    >
      <CellTable
        label="Figures"
        isLong
        columns={[
          { title: 'Figure' },
          { title: 'Value', isNumber: true },
          { title: '90% interval', isNumber: true, about: 'By block bootstrap' },
          { title: 'Formula' },
          { title: 'Source' },
        ]}
        rows={rows}
      />
    </Panel>
  );
}

export function TradesPanel({ result }: PartProps) {
  const { trades, trade_statistics: it, specification } = result;
  const [isWhole, setWhole] = useState(false);
  const time = useTimeFormat();
  const moment = (microseconds: number) => time.text(serverTime(microseconds / 1_000), 'moment');
  const shown = isWhole ? trades : trades.slice(0, FIRST_TRADES);
  const saveCsv = () =>
    saveFile(
      `run-${result.id}-trades.csv`,
      csvText(
        TRADE_COLUMNS,
        trades.map((trade) => TRADE_COLUMNS.map((name) => trade[name])),
      ),
      'text/csv',
    );
  return (
    <Panel
      title="Trades"
      flush
      about={
        trades.length < it.trades
          ? `the first ${count(trades.length)} of ${count(it.trades)}`
          : count(it.trades)
      }
      tools={
        trades.length > 0 && (
          <Button icon="download" onClick={saveCsv}>
            CSV
          </Button>
        )
      }
    >
      {trades.length === 0 ? (
        <Empty>{specification.strategy} finished no trade in this span.</Empty>
      ) : (
        <>
          <div className={styles['statistics']}>
            <Facts
              facts={[
                ['Profit factor', ratio(it.profit_factor)],
                ['Expected of a trade', money(it.expectancy)],
                ['Mean gain, mean loss', `${money(it.mean_gain)}, ${money(it.mean_loss)}`],
                ['Best, worst', `${money(it.best)}, ${money(it.worst)}`],
              ]}
            />
            <Facts
              facts={[
                ['Held, median', duration(it.median_holding_s)],
                ['Held, longest', duration(it.longest_holding_s)],
                ['Time with a position', share(it.exposure)],
                ['Longest losing streak', count(it.longest_losing_streak)],
              ]}
            />
          </div>
          <CellTable
            label="Trades"
            isLong
            columns={[
              { title: 'Symbol' },
              { title: 'Quantity', isNumber: true },
              { title: `Entered (${time.zone})` },
              { title: 'Left' },
              { title: 'At', isNumber: true },
              { title: 'Out at', isNumber: true },
              { title: 'Profit', isNumber: true },
              { title: 'Fees', isNumber: true },
            ]}
            rows={shown.map((trade, at) => ({
              key: at,
              cells: [
                trade.symbol,
                count(trade.quantity),
                moment(trade.entered_us),
                moment(trade.left_us),
                String(trade.entry),
                String(trade.exit),
                money(trade.profit),
                money(trade.fees),
              ],
            }))}
          />
          {shown.length < trades.length && (
            <Button look="quiet" onClick={() => setWhole(true)}>
              Show all {count(trades.length)}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

const BREAKDOWN_NAMES: Readonly<Record<string, string>> = {
  symbol: 'By symbol',
  weekday: 'By weekday',
  hour: 'By hour of entry (UTC)',
  phase: 'By phase of the session',
};

export function BreakdownPanels({ result }: PartProps) {
  const found = Object.entries(result.breakdowns);
  if (found.length === 0) return null;
  return (
    <div className={styles['grid']}>
      {found.map(([name, rows]) => (
        <Panel key={name} title={BREAKDOWN_NAMES[name] ?? `By ${name}`} flush>
          <CellTable
            label={BREAKDOWN_NAMES[name] ?? name}
            isLong
            columns={[
              { title: name },
              { title: 'Trades', isNumber: true },
              { title: 'Gains', isNumber: true },
              { title: 'Profit', isNumber: true },
            ]}
            rows={rows.map((row) => ({
              key: row.value,
              cells: [row.value, count(row.trades), share(row.hit_rate), money(row.profit)],
            }))}
          />
        </Panel>
      ))}
    </div>
  );
}

export function StressPanel({ result }: PartProps) {
  return (
    <StressTable rows={result.stress} empty="The run is too long to be played again under other terms." />
  );
}

interface StressProps {
  readonly rows: Result['stress'];
  readonly empty: string;
}

export function StressTable({ rows, empty }: StressProps) {
  return (
    <Panel title="Costs and speed" about="the same decisions at other costs or another latency" flush>
      {rows.length === 0 ? (
        <Empty>{empty}</Empty>
      ) : (
        <CellTable
          label="Costs and speed"
          columns={[
            { title: 'Case' },
            { title: 'Money at the end', isNumber: true },
            { title: 'Return', isNumber: true },
            { title: 'Sharpe a period', isNumber: true },
            { title: 'Maximum drawdown', isNumber: true },
            { title: 'Trades', isNumber: true },
            { title: 'Fees', isNumber: true },
          ]}
          rows={rows.map((row) => ({
            key: row.case,
            cells: [
              row.case,
              money(row.equity),
              share(row.total_return),
              ratio(row.sharpe),
              share(row.max_drawdown),
              count(row.trades),
              money(row.fees),
            ],
          }))}
        />
      )}
    </Panel>
  );
}
