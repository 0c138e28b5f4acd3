// Finished runs side by side: what they were asked differently, what came out, and their equity from a common start.

import { useQueries } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { Answered, Empty, Failure, Loading } from '../../components/Answered.tsx';
import { BACKTESTS_PATH, runAddress } from '../../components/addresses.ts';
import { count, figure, ratio } from '../../components/amounts.ts';
import { Button } from '../../components/Button.tsx';
import { CellTable } from '../../components/CellTable.tsx';
import { LineChart } from '../../components/LineChart.tsx';
import { Notice } from '../../components/Notice.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import type { Shape } from '../../services/api/client.ts';
import { getApi } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import { grownOf } from './curves.ts';
import styles from './Report.module.css';
import { pointsOf, useCurveTime } from './ReportCharts.tsx';

type Comparison = Shape<'Comparison'>;

/** How each figure is told; the others are ratios. */
const UNITS: Readonly<Record<string, string>> = {
  total_return: 'share',
  max_drawdown: 'share',
  var_historical: 'share',
  cvar_historical: 'share',
  win_rate: 'share',
  hit_rate: 'share',
  exposure: 'share',
  expectancy: 'money',
  profit: 'money',
  all_fees: 'money',
};
const LOOKS = [0, 1, 2, 3, 4, 5] as const;

export function ComparePage() {
  const [parameters] = useSearchParams();
  const ids = [...new Set((parameters.get('ids') ?? '').split(',').map(Number))].filter(
    (id) => Number.isSafeInteger(id) && id > 0,
  );
  if (ids.length < 2)
    return (
      <Notice title="There is nothing to compare">
        <p>Tick two to ten finished runs in the list.</p>
        <Link to={BACKTESTS_PATH}>To all backtests</Link>
      </Notice>
    );
  return <Compared ids={ids} />;
}

function Compared({ ids }: { readonly ids: readonly number[] }) {
  const answer = useApi('/api/thordata/backtest/compare', { query: { ids: ids.join(',') } });
  return (
    <PageFrame
      title="Compare"
      about={`runs ${ids.join(', ')}`}
      tools={
        <span className={styles['tools']}>
          <Link to={BACKTESTS_PATH}>All backtests</Link>
          <Button onClick={() => window.print()}>Print</Button>
        </span>
      }
    >
      <Answered answer={answer} what="comparison">
        {(compared) => (
          <>
            <Panel title="What they share">
              <ul className={styles['caveats']}>
                <li>
                  {compared.same_data
                    ? 'The same data.'
                    : 'Different data: their figures are not of one market.'}
                </li>
                <li>{compared.same_code ? 'The same code.' : 'Made by different versions of the code.'}</li>
                <li>{compared.same_result ? 'The same result, bit for bit.' : 'Different results.'}</li>
              </ul>
            </Panel>
            <Curves ids={ids} />
            <Inputs compared={compared} />
            <Figures title="Figures" compared={compared} figures={compared.figures} />
            <Figures title="Trades" compared={compared} figures={compared.trade_statistics} />
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

/** Each run's equity, from 1 at its start. */
function Curves({ ids }: { readonly ids: readonly number[] }) {
  const answers = useQueries({
    queries: ids.map((run) => ({
      queryKey: ['/api/thordata/backtest/runs/{run}/result', { run }, null],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        getApi('/api/thordata/backtest/runs/{run}/result', { path: { run } }, signal),
    })),
  });
  const results = answers.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const instants = results.flatMap(({ data }) => [data.first_us / 1_000, data.last_us / 1_000]);
  const xText = useCurveTime(Math.min(...instants), Math.max(...instants));
  const failed = answers.find(({ error }) => error !== null);
  return (
    <Panel title="Equity" about="each from 1 at its start">
      {failed?.error != null ? (
        <Failure what="curves" error={failed.error} />
      ) : results.length < ids.length ? (
        <Loading what="curves" />
      ) : (
        <LineChart
          label="Equity of the runs"
          height={280}
          lines={results.map(({ id, equity }, at) => ({
            name: `run ${id}`,
            look: LOOKS[at % LOOKS.length] ?? 0,
            points: grownOf(pointsOf(equity.curve), equity.start),
          }))}
          yText={ratio}
          xText={xText}
        />
      )}
    </Panel>
  );
}

function runColumns(compared: Comparison) {
  return compared.runs.map((run) => ({ title: `Run ${run}`, isNumber: true }));
}

function Inputs({ compared }: { readonly compared: Comparison }) {
  const rows = Object.entries(compared.differing_inputs);
  return (
    <Panel title="Asked differently" flush>
      {rows.length === 0 ? (
        <Empty>They were asked the same.</Empty>
      ) : (
        <CellTable
          label="Asked differently"
          columns={[{ title: 'Input' }, ...runColumns(compared)]}
          rows={rows.map(([name, values]) => ({
            key: name,
            cells: [
              name.replace('parameters.', '').replaceAll('_', ' '),
              ...values.map((value) =>
                value === null || value === undefined
                  ? 'not set'
                  : Array.isArray(value)
                    ? value.join(', ')
                    : String(value),
              ),
            ],
          }))}
        />
      )}
    </Panel>
  );
}

interface FiguresProps {
  readonly title: string;
  readonly compared: Comparison;
  readonly figures: Readonly<Record<string, readonly (number | null)[]>>;
}

function Figures({ title, compared, figures }: FiguresProps) {
  return (
    <Panel title={title} flush>
      <CellTable
        label={title}
        columns={[{ title: 'Figure' }, ...runColumns(compared)]}
        rows={Object.entries(figures).map(([name, values]) => ({
          key: name,
          cells: [
            name.replaceAll('_', ' '),
            ...values.map((value) =>
              name === 'trades' ? count(value) : figure(value, UNITS[name] ?? 'ratio'),
            ),
          ],
        }))}
      />
      {title === 'Figures' && (
        <p className={styles['links']}>
          {compared.runs.map((run) => (
            <Link key={run} to={runAddress(run)}>
              Report of run {run}
            </Link>
          ))}
        </p>
      )}
    </Panel>
  );
}
