// The drawn parts of a report: equity, drawdown, months, and where chance could have led.

import type { ReactNode } from 'react';
import { Empty } from '../../components/Answered.tsx';
import { money, ratio, share } from '../../components/amounts.ts';
import { CellTable } from '../../components/CellTable.tsx';
import type { Point } from '../../components/LineChart.tsx';
import { LineChart } from '../../components/LineChart.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import { serverTime } from '../../domain/nominal.ts';
import { useTimeFormat } from '../../state/react.ts';
import { drawdownOf } from './curves.ts';
import styles from './Report.module.css';
import type { Result } from './Report.tsx';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;

interface PartProps {
  readonly result: Result;
}

/** Instants of a curve in milliseconds, told by day or, where the span is short, by the minute. */
export function useCurveTime(first: number, last: number): (milliseconds: number) => string {
  const time = useTimeFormat();
  const shape = last - first > 3 * DAY_MS ? 'day' : 'moment';
  return (milliseconds) => time.text(serverTime(milliseconds), shape);
}

export function pointsOf(curve: Result['equity']['curve']): readonly Point[] {
  return curve.map(([at, worth]) => [at / 1_000, worth]);
}

export function CurvePanels({ result }: PartProps) {
  const points = pointsOf(result.equity.curve);
  const xText = useCurveTime(points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0);
  return (
    <>
      <Panel title="Equity" about="the account's worth after each event, thinned to a line">
        <LineChart
          label="Equity"
          lines={[{ name: 'equity', look: 0, points }]}
          yText={(value) => money(value).replace(/\.00$/, '')}
          xText={xText}
        />
      </Panel>
      <Panel title="Drawdown" about="below the highest worth so far">
        <LineChart
          label="Drawdown"
          height={140}
          lines={[
            { name: 'drawdown', look: 4, filled: true, points: drawdownOf(points, result.equity.start) },
          ]}
          yText={share}
          xText={xText}
        />
      </Panel>
    </>
  );
}

export function MonthsPanel({ result }: PartProps) {
  const years = [...new Set(result.months.map(({ year }) => year))];
  const cellOf = (year: number, month: number): ReactNode => {
    const found = result.months.find((one) => one.year === year && one.month === month);
    if (found === undefined) return NOTHING;
    return (
      <span
        className={styles['month']}
        data-direction={found.total_return > 0 ? 'up' : found.total_return < 0 ? 'down' : undefined}
        title={`${money(found.equity)} at its end`}
      >
        {found.total_return > 0 ? '+' : ''}
        {share(found.total_return)}
      </span>
    );
  };
  const yearOf = (year: number) =>
    result.months
      .filter((one) => one.year === year)
      .reduce((grown, one) => grown * (1 + one.total_return), 1) - 1;
  return (
    <Panel title="Months" about="return by calendar month, UTC" flush>
      {years.length === 0 ? (
        <Empty>This run is older than the monthly table: ask for one like it to have one.</Empty>
      ) : (
        <CellTable
          label="Return by month"
          columns={[
            { title: 'Year' },
            ...MONTHS.map((title) => ({ title, isNumber: true })),
            { title: 'Whole', isNumber: true },
          ]}
          rows={years.map((year) => ({
            key: year,
            cells: [
              String(year),
              ...MONTHS.map((_, at) => <span key={MONTHS[at]}>{cellOf(year, at + 1)}</span>),
              share(yearOf(year)),
            ],
          }))}
        />
      )}
    </Panel>
  );
}

/** `90% of the paths` for the room between the quantiles at a place and its mirror. */
function bandName(shares: readonly number[], place: number): string {
  const [low, high] = [shares[place] ?? 0, shares.at(-1 - place) ?? 1];
  return `${Math.round((high - low) * 100)}% of the paths`;
}

export function SimulationPanel({ result }: PartProps) {
  const { simulation, periods } = result;
  if (simulation === null)
    return (
      <Panel title="Where it could have ended">
        <Empty>Not simulated: there are too few returns that are not zero.</Empty>
      </Panel>
    );
  const { fan, shares } = simulation;
  const lineAt = (place: number): readonly Point[] =>
    fan?.steps.map((step, at) => [step, fan.quantiles[at]?.[place] ?? 1]) ?? [];
  const last = shares.length - 1;
  return (
    <Panel
      title="Where it could have ended"
      about={`${simulation.paths.toLocaleString('en-US')} paths drawn from its own returns, in blocks of ${simulation.block}`}
    >
      {fan != null && (
        <LineChart
          label="Worth of 1 by chance"
          lines={[{ name: 'median', look: 0, points: lineAt(Math.floor(last / 2)) }]}
          bands={[
            { name: bandName(shares, 0), low: lineAt(0), high: lineAt(last) },
            { name: bandName(shares, 1), low: lineAt(1), high: lineAt(last - 1) },
          ]}
          yText={ratio}
          xText={(step) => `${Math.round(step)} ${periods.name}s`}
        />
      )}
      <p className={styles['soft']}>{share(simulation.loss_probability)} of the paths lose.</p>
      <CellTable
        label="Quantiles of the paths"
        columns={[
          { title: 'Share of paths' },
          { title: 'Ends at or below', isNumber: true, about: 'Beginning at 1' },
          { title: 'Drawdown at or below', isNumber: true },
        ]}
        rows={shares.map((part, at) => ({
          key: part,
          cells: [share(part), ratio(simulation.terminal[at]), share(simulation.max_drawdown[at])],
        }))}
      />
    </Panel>
  );
}
