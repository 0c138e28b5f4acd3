// The report of a finished run, to be read from its doubts to its proof, on a screen or on paper.

import { count, figure, money, ratio, share } from '../../components/amounts.ts';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import type { Shape } from '../../services/api/client.ts';
import { AuditPanel, ProvenancePanel, WantedPanel } from './Proof.tsx';
import styles from './Report.module.css';
import { CurvePanels, MonthsPanel, SimulationPanel } from './ReportCharts.tsx';
import { BreakdownPanels, FiguresPanel, StressPanel, TradesPanel } from './ReportTables.tsx';

export type Result = Shape<'RunResult'>;

export function Report({ result }: { readonly result: Result }) {
  return (
    <>
      <Headline result={result} />
      <div className={styles['pair']}>
        <Panel title="What this report cannot tell">
          <ul className={styles['caveats']}>
            {result.caveats.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Panel>
        <Diagnosis result={result} />
      </div>
      <CurvePanels result={result} />
      <MonthsPanel result={result} />
      <div className={styles['pair']}>
        <SimulationPanel result={result} />
        <Luck result={result} />
      </div>
      <FiguresPanel result={result} />
      <TradesPanel result={result} />
      <BreakdownPanels result={result} />
      <StressPanel result={result} />
      <div className={styles['pair']}>
        <AuditPanel result={result} />
        <WantedPanel result={result} />
      </div>
      <ProvenancePanel result={result} />
    </>
  );
}

function Headline({ result }: { readonly result: Result }) {
  const { equity, trade_statistics: trades, figures, specification, strategy } = result;
  const made = equity.end - equity.start;
  const tiles: readonly (readonly [title: string, value: string, direction?: 'up' | 'down'])[] = [
    ['Money at the end', money(equity.end)],
    ['Made', `${made < 0 ? '' : '+'}${money(made)}`, made < 0 ? 'down' : 'up'],
    ['Total return', share(figures['total_return']?.value)],
    ['Maximum drawdown', share(figures['max_drawdown']?.value)],
    ['Sharpe ratio', figures['sharpe']?.withheld === true ? 'withheld' : ratio(figures['sharpe']?.value)],
    ['Trades', count(trades.trades)],
    ['Share of gains', share(trades.hit_rate)],
    ['Fees', money(trades.all_fees)],
  ];
  return (
    <section className={styles['headline']} aria-label="In short">
      <p>
        <strong>
          {strategy.name} on {specification.symbols.join(', ')}
        </strong>
        , {specification.start.slice(0, 16).replace('T', ' ')} to{' '}
        {specification.end.slice(0, 16).replace('T', ' ')} UTC.{' '}
        <span className={styles['soft']}>{strategy.summary}</span>
      </p>
      <dl className={styles['tiles']}>
        {tiles.map(([title, value, direction]) => (
          <div key={title} className={styles['tile']}>
            <dt>{title}</dt>
            <dd data-direction={direction}>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Diagnosis({ result }: { readonly result: Result }) {
  return (
    <Panel title="Diagnosis" about={`${result.diagnosis.length} doubts`}>
      {result.diagnosis.length === 0 ? (
        <p className={styles['soft']}>Nothing was found. That is no proof that nothing is wrong.</p>
      ) : (
        <ul className={styles['caveats']}>
          {result.diagnosis.map(({ code, text }) => (
            <li key={code}>
              <strong>{code.replaceAll('_', ' ')}</strong> <span className={styles['soft']}>{text}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Luck({ result }: { readonly result: Result }) {
  const it = result.significance;
  return (
    <Panel title="Is it luck?">
      <Facts
        facts={[
          ['Trials on this data', count(it.trials)],
          ['Sharpe ratio a period', ratio(it.sharpe_period)],
          ['Best that luck gives', ratio(it.expected_best_sharpe)],
          ['Probability of skill', share(it.probabilistic_sharpe)],
          ['The same, deflated by the trials', share(it.deflated_sharpe)],
          ['Periods needed to be sure', figure(it.minimum_track_record, 'ratio')],
          ['Periods there are', count(it.periods)],
        ]}
      />
    </Panel>
  );
}
