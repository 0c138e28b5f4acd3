// What the quality checks found: of the chosen date and symbol in full, and a list of every doubtful partition in sight.

import { Empty } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import type { MarketName } from '../../domain/nominal.ts';
import { toServerTime } from '../../domain/nominal.ts';
import { qualityCheck } from '../../domain/quality.ts';
import { formatAge } from '../../domain/time.ts';
import { longDate } from '../../domain/tradeDate.ts';
import type { Shape } from '../../services/api/client.ts';
import { useTimeFormat } from '../../state/react.ts';
import type { Cell } from './coverage.ts';
import { findingsOf } from './coverage.ts';
import styles from './QualityPanel.module.css';

type Report = Shape<'QualityReport'>;

const COUNT = new Intl.NumberFormat('en-US');
const MOST_GAPS = 12;

interface ChosenProps {
  readonly cell: Cell;
  readonly market: MarketName | null;
}

export function ChosenQuality({ cell, market }: ChosenProps) {
  const { report } = cell;
  return (
    <Panel title="Data quality" about={`${cell.symbol}, ${longDate(cell.date)}`}>
      {report === null ? (
        <Empty>
          {cell.rows === null
            ? 'Only what is in the lake is checked: thor export --check writes and checks it.'
            : 'Never checked: thor lake check looks at it.'}
        </Empty>
      ) : (
        <Checked report={report} market={market} />
      )}
    </Panel>
  );
}

function Checked({ report, market }: { readonly report: Report; readonly market: MarketName | null }) {
  const found = Object.entries(report.counts).filter(([, count]) => count > 0);
  const time = useTimeFormat(market);
  const checked = toServerTime(report.checked_at);
  return (
    <>
      <p className={styles['sum']}>
        {COUNT.format(report.rows)} ticks checked
        {checked !== null && ` ${time.text(checked, 'moment')}`}; {Object.keys(report.counts).length} checks,{' '}
        {found.length === 0 ? 'nothing found.' : `${found.length} found something.`}
      </p>
      {found.length > 0 && (
        <ul className={styles['checks']} aria-label="Findings">
          {found.map(([name, count]) => {
            const check = qualityCheck(name);
            return (
              <li key={name} className={styles['check']}>
                <span className={styles['count']}>{COUNT.format(count)}</span>
                <span>
                  <strong>{check.title}</strong> <span className={styles['soft']}>{check.text}</span>
                </span>
                <span className={styles['spoils']}>{check.spoils ? 'left out when cleaned' : ''}</span>
              </li>
            );
          })}
        </ul>
      )}
      {report.gaps.length > 0 && <Gaps gaps={report.gaps} market={market} />}
    </>
  );
}

function Gaps({ gaps, market }: { readonly gaps: Report['gaps']; readonly market: MarketName | null }) {
  const time = useTimeFormat(market);
  return (
    <details className={styles['gaps']}>
      <summary>
        {gaps.length} silence{gaps.length === 1 ? '' : 's'}, times in {time.zone}
      </summary>
      <ul>
        {gaps.slice(0, MOST_GAPS).map(([from, to]) => {
          const [start, end] = [toServerTime(from), toServerTime(to)];
          if (start === null || end === null) return null;
          return (
            <li key={from}>
              {time.text(start, 'moment')} to {time.text(end, 'moment')}{' '}
              <span className={styles['soft']}>({formatAge(end - start)})</span>
            </li>
          );
        })}
        {gaps.length > MOST_GAPS && <li className={styles['soft']}>and {gaps.length - MOST_GAPS} more</li>}
      </ul>
    </details>
  );
}

interface DoubtsProps {
  readonly reports: readonly Report[];
  /** Not every report of the dates has been read. */
  readonly isPart: boolean;
  onChoose(report: Report): void;
}

export function DoubtsPanel({ reports, isPart, onChoose }: DoubtsProps) {
  const doubtful = reports.filter((report) => findingsOf(report) > 0);
  return (
    <Panel
      title="Doubtful partitions"
      about={`${doubtful.length} of ${reports.length} that were checked${isPart ? ', the newest' : ''}`}
      flush
    >
      {doubtful.length === 0 ? (
        <Empty>
          {reports.length === 0
            ? 'Nothing of these dates was checked yet; thor lake check does it.'
            : 'No check found anything.'}
        </Empty>
      ) : (
        <section className={styles['list']} aria-label="Doubtful partitions">
          <ul>
            {doubtful.map((report) => (
              <li key={`${report.symbol} ${report.trade_date}`}>
                <button type="button" className={styles['doubt']} onClick={() => onChoose(report)}>
                  <span className={styles['symbol']}>{report.symbol}</span>
                  <span className={styles['soft']}>{report.trade_date}</span>
                  <span className={styles['kinds']}>
                    {Object.entries(report.counts)
                      .filter(([, count]) => count > 0)
                      .map(
                        ([name, count]) => `${COUNT.format(count)} ${qualityCheck(name).title.toLowerCase()}`,
                      )
                      .join(', ')}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Panel>
  );
}
