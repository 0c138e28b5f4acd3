// One sweep: how far it is, then what all its combinations together say of the best of them.

import { Link, useParams } from 'react-router';
import { Answered, Empty } from '../../components/Answered.tsx';
import { BACKTESTS_PATH } from '../../components/addresses.ts';
import { count, money, ratio, share } from '../../components/amounts.ts';
import { Button } from '../../components/Button.tsx';
import { CellTable } from '../../components/CellTable.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Notice } from '../../components/Notice.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import type { Shape } from '../../services/api/client.ts';
import { HttpFailure } from '../../services/http.ts';
import { useApi } from '../../state/api.ts';
import { HeatMap } from './HeatMap.tsx';
import styles from './Report.module.css';
import { StressTable } from './ReportTables.tsx';
import { parametersText } from './RunsPanel.tsx';
import { isAtWork } from './StateMark.tsx';
import { Waiting } from './Waiting.tsx';

type Swept = Shape<'SweepResult'>;

const REFRESH_MS = 1_000;
const MOST_ROWS = 100;

export function SweepPage() {
  const asked = Number(useParams()['sweep'] ?? '');
  const sweep = Number.isSafeInteger(asked) && asked > 0 ? asked : 0;
  const first = useApi('/api/thordata/backtest/sweeps/{sweep}', { path: { sweep }, when: sweep > 0 });
  const working = first.data !== undefined && isAtWork(first.data);
  const status = useApi('/api/thordata/backtest/sweeps/{sweep}', {
    path: { sweep },
    when: sweep > 0,
    ...(working ? { refreshMs: REFRESH_MS } : {}),
  });
  const isMissing = status.error instanceof HttpFailure && [400, 404].includes(status.error.status);
  if (sweep === 0 || isMissing)
    return (
      <Notice title={`There is no sweep ${String(sweep || '')}`}>
        <title>No such sweep · Thor</title>
        <Link to={`${BACKTESTS_PATH}?kind=sweeps`}>To all sweeps</Link>
      </Notice>
    );
  return (
    <PageFrame
      title={`Sweep ${sweep}`}
      about={status.data?.strategy}
      tools={
        <span className={styles['tools']}>
          <Link to={`${BACKTESTS_PATH}?kind=sweeps`}>All sweeps</Link>
          {status.data?.state === 'done' && (
            <>
              <a href={`/api/thordata/backtest/sweeps/${sweep}/result`} target="_blank" rel="noreferrer">
                JSON
              </a>
              <a href={`/api/thordata/backtest/sweeps/${sweep}/report`} target="_blank" rel="noreferrer">
                One-file report
              </a>
              <Button onClick={() => window.print()}>Print</Button>
            </>
          )}
        </span>
      }
    >
      <Answered answer={status} what={`sweep ${sweep}`}>
        {(found) =>
          found.state === 'done' ? (
            <Result sweep={sweep} />
          ) : (
            <Waiting status={found} cancelPath="/api/thordata/backtest/sweeps/{sweep}/cancel" />
          )
        }
      </Answered>
    </PageFrame>
  );
}

function Result({ sweep }: { readonly sweep: number }) {
  const answer = useApi('/api/thordata/backtest/sweeps/{sweep}/result', { path: { sweep } });
  return (
    <Answered answer={answer} what="result">
      {(swept) => <Report swept={swept} />}
    </Answered>
  );
}

function Report({ swept }: { readonly swept: Swept }) {
  const { best, specification, surface } = swept;
  return (
    <>
      <p>
        <strong>
          {count(swept.combinations)} combinations of {specification.strategy} on{' '}
          {specification.symbols.join(', ')}
        </strong>
        , judged by {count(swept.periods.count)} returns a {swept.periods.name} from{' '}
        {count(swept.periods.dates)} trade dates.{' '}
        <span className={styles['soft']}>
          The best was chosen by looking: its own figures promise nothing. What it earns where it was not
          chosen stands under walk forward and cross-validation.
        </span>
      </p>
      <Panel title="Parameter surface" about="mean Sharpe ratio a period">
        {surface === null ? (
          <Empty>One value only.</Empty>
        ) : (
          <HeatMap surface={surface} best={best.parameters} />
        )}
      </Panel>
      <div className={styles['grid']}>
        <Panel title="The best">
          <Facts
            facts={[
              ...Object.entries(best.parameters).map(([name, value]) => [name, String(value)] as const),
              ['Sharpe ratio a period', ratio(best.sharpe)],
              ['Total return', share(best.total_return)],
              ['Maximum drawdown', share(best.max_drawdown)],
              ['Trades', count(best.trades)],
              [
                'Beside it, mean Sharpe',
                `${ratio(swept.neighbours.mean_sharpe)} of ${count(swept.neighbours.count)}`,
              ],
            ]}
          />
        </Panel>
        <Panel title="Is the best only luck?">
          <Facts
            facts={[
              ['Trials on this data', count(swept.significance.trials)],
              ['Best that luck gives', ratio(swept.significance.expected_best_sharpe)],
              ['Probability of skill, deflated', share(swept.significance.deflated_sharpe)],
              ['Probability of overfitting', share(swept.overfitting.probability)],
              ['Ways to halve the time', count(swept.overfitting.splits)],
            ]}
          />
        </Panel>
        <OutOfSample swept={swept} />
      </div>
      <WalkForward swept={swept} />
      <StressTable rows={swept.stress} empty="The best was not played again under other terms." />
      <Combinations swept={swept} />
      <Panel title="Data, code and proof">
        <Facts
          facts={[
            [
              'Data hash',
              <span key="data" className={styles['code']}>
                {swept.data.hash}
              </span>,
            ],
            [
              'Result digest',
              <span key="digest" className={styles['code']}>
                {swept.digest}
              </span>,
            ],
            [
              'Code',
              <span key="code" className={styles['code']}>
                {swept.code.digest}
              </span>,
            ],
            ['Sources', swept.data.sources.join(', ')],
            ['Grid', parametersText(swept.grid)],
            ['Refused combinations', count(swept.refused)],
          ]}
        />
        <details className={styles['proof']}>
          <summary>The exact configuration</summary>
          <pre className={styles['code']}>
            {JSON.stringify({ ...specification, grid: swept.grid }, null, 2)}
          </pre>
        </details>
      </Panel>
    </>
  );
}

function OutOfSample({ swept }: { readonly swept: Swept }) {
  const found = swept.cross_validation;
  return (
    <Panel title="Purged cross-validation">
      {found === null ? (
        <Empty>The time is too short for as many folds.</Empty>
      ) : (
        <Facts
          facts={[
            ['Folds, tested at once', `${count(found.folds)}, ${count(found.tests)}`],
            ['Sharpe where it was chosen', ratio(found.mean_train_sharpe)],
            ['Sharpe where it was not', ratio(found.mean_test_sharpe)],
            ['Worst, best', `${ratio(found.worst_test_sharpe)}, ${ratio(found.best_test_sharpe)}`],
            ['Share of tests below 0', share(found.share_below_zero)],
          ]}
        />
      )}
    </Panel>
  );
}

function WalkForward({ swept }: { readonly swept: Swept }) {
  const found = swept.walk_forward;
  return (
    <Panel
      title="Walk forward"
      about={
        found === null
          ? undefined
          : `tested Sharpe ${ratio(found.sharpe)}, trained ${ratio(found.mean_train_sharpe)}, return ${share(found.return)}`
      }
      flush
    >
      {found === null ? (
        <Empty>The time is too short to train and test in turns.</Empty>
      ) : (
        <CellTable
          label="Walk forward"
          columns={[
            { title: 'Chosen' },
            { title: 'Trained on periods' },
            { title: 'Tested on' },
            { title: 'Trained Sharpe', isNumber: true },
            { title: 'Tested Sharpe', isNumber: true },
            { title: 'Tested return', isNumber: true },
          ]}
          rows={found.steps.map((step) => ({
            key: step.test[0],
            cells: [
              parametersText(step.parameters),
              step.train.join(' to '),
              step.test.join(' to '),
              ratio(step.train_sharpe),
              ratio(step.test_sharpe),
              share(step.test_return),
            ],
          }))}
        />
      )}
    </Panel>
  );
}

function Combinations({ swept }: { readonly swept: Swept }) {
  const ranked = swept.rows.toSorted(
    (a, b) => (b.sharpe ?? Number.NEGATIVE_INFINITY) - (a.sharpe ?? Number.NEGATIVE_INFINITY),
  );
  const shown = ranked.slice(0, MOST_ROWS);
  const names = Object.keys(swept.grid);
  return (
    <Panel title="Combinations" about={`the ${count(shown.length)} best of ${count(ranked.length)}`} flush>
      <CellTable
        label="Combinations"
        isLong
        columns={[
          { title: 'Place', isNumber: true },
          ...names.map((title) => ({ title, isNumber: true })),
          { title: 'Sharpe a period', isNumber: true },
          { title: 'Return', isNumber: true },
          { title: 'Money at the end', isNumber: true },
          { title: 'Maximum drawdown', isNumber: true },
          { title: 'Trades', isNumber: true },
          { title: 'Fees', isNumber: true },
        ]}
        rows={shown.map((row, at) => ({
          key: at,
          cells: [
            at + 1,
            ...names.map((name) => String(row.parameters[name] ?? '')),
            ratio(row.sharpe),
            share(row.total_return),
            money(row.equity),
            share(row.max_drawdown),
            count(row.trades),
            money(row.fees),
          ],
        }))}
      />
    </Panel>
  );
}
