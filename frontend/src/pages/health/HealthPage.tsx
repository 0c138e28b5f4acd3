// How Thor fares: this browser's connection, the sources, and what was told of faults.

import { Answered } from '../../components/Answered.tsx';
import { Facts } from '../../components/Facts.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import { ageOf } from '../../domain/staleness.ts';
import { formatAge } from '../../domain/time.ts';
import { useApi } from '../../state/api.ts';
import { useAtTick, useDashboard, useReadable, useTimeFormat } from '../../state/react.ts';
import styles from './HealthPage.module.css';

const REFRESH_MS = 3_000;
const COUNT = new Intl.NumberFormat('en-US');

const count = (value: number | null) => (value === null ? NOTHING : COUNT.format(value));

export function HealthPage() {
  return (
    <PageFrame title="Health">
      <div className={styles['panels']}>
        <Connection />
        <Freshness />
      </div>
      <Sources />
      <Findings />
      <Told />
    </PageFrame>
  );
}

function Connection() {
  const { status, clock, malformed, quotes } = useDashboard();
  const { kind, since } = useReadable(status);
  const refused = useReadable(malformed);
  const time = useTimeFormat();
  const known = useAtTick(() => quotes.all.get().size);
  return (
    <Panel title="This browser">
      <Facts
        facts={[
          ['Feed', kind.replace('_', ' ')],
          ['Since', time.text(clock.toServerTime(since), 'clock')],
          ['Symbols with a quote', String(known)],
          ['Unreadable events', String(refused)],
          ['One connection for all tabs', typeof SharedWorker === 'undefined' ? 'no, one each' : 'yes'],
        ]}
      />
    </Panel>
  );
}

function Freshness() {
  const { quotes, instruments } = useDashboard();
  const registry = useReadable(instruments) ?? [];
  const oldest = useAtTick((now) => {
    const ages = registry.flatMap(({ symbol }) => {
      const quote = quotes.get(symbol);
      return quote === null ? [] : [{ symbol, age: ageOf(quote, now) }];
    });
    return ages
      .toSorted((a, b) => b.age - a.age)
      .slice(0, 5)
      .map(({ symbol, age }) => `${symbol}=${formatAge(age)}`)
      .join();
  });
  const facts = oldest === '' ? [] : oldest.split(',').map((text) => text.split('=') as [string, string]);
  return (
    <Panel title="Oldest quotes">
      <Facts facts={facts} />
    </Panel>
  );
}

function Sources() {
  const answer = useApi('/api/providers', { refreshMs: REFRESH_MS });
  const time = useTimeFormat();
  return (
    <Panel title="Sources" flush>
      <Answered
        answer={answer}
        what="sources"
        isEmpty={(found) => found.length === 0}
        empty="No source is configured."
      >
        {(found) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
          <section className={styles['scroll']} tabIndex={0} aria-label="Sources">
            <table className={styles['table']}>
              <thead>
                <tr>
                  {[
                    'Source',
                    'Status',
                    'Events',
                    'Rate',
                    'Lag',
                    'Last event',
                    'Rejects',
                    'Spooled',
                    'Dropped',
                  ].map((title) => (
                    <th key={title} scope="col">
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {found.map((provider) => {
                  const at = provider.last_event_ts === null ? null : toServerTime(provider.last_event_ts);
                  const codes = Object.entries(provider.rejects_by_code ?? {}).map(
                    ([code, times]) => `${code} ${times}`,
                  );
                  return (
                    <tr key={provider.source}>
                      <th scope="row">{provider.source}</th>
                      <td data-status={provider.status}>
                        {provider.status}
                        {provider.problem !== null && (
                          <span className={styles['problem']}>{provider.problem}</span>
                        )}
                      </td>
                      <td>{count(provider.events)}</td>
                      <td>{provider.rate === null ? NOTHING : `${provider.rate.toFixed(1)}/s`}</td>
                      <td>{provider.lag_ms === null ? NOTHING : `${count(provider.lag_ms)} ms`}</td>
                      <td>{at === null ? NOTHING : time.text(at, 'moment')}</td>
                      <td title={codes.join(', ')}>{count(provider.rejects)}</td>
                      <td>{count(provider.spooled)}</td>
                      <td>{count(provider.dropped)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </section>
        )}
      </Answered>
    </Panel>
  );
}

/** What is doubtful about the thresholds of the signals; nothing is drawn while nothing is. */
function Findings() {
  const { data } = useApi('/api/signals/findings', { refreshMs: 60_000 });
  if (data === undefined || data.length === 0) return null;
  return (
    <Panel title="Doubts about thresholds">
      <Facts
        facts={data.map(({ symbol, code, message }) => [`${symbol}: ${code.replaceAll('_', ' ')}`, message])}
      />
    </Panel>
  );
}

function Told() {
  const answer = useApi('/api/notifications', { query: { limit: 50 }, refreshMs: 30_000 });
  const time = useTimeFormat();
  return (
    <Panel title="What was told" flush>
      <Answered
        answer={answer}
        what="notifications"
        isEmpty={(found) => found.length === 0}
        empty="Nothing was told yet."
      >
        {(found) => (
          <ul className={styles['told']}>
            {found.map((notice) => {
              const at = toServerTime(notice.created_at);
              return (
                <li key={notice.id} className={styles['notice']} data-severity={notice.severity}>
                  <span className={styles['when']}>{at === null ? '' : time.text(at, 'moment')}</span>
                  <span className={styles['severity']}>{notice.severity}</span>
                  <span>
                    <strong>{notice.title}</strong> <span className={styles['when']}>{notice.text}</span>
                  </span>
                </li>
              );
            })}
          </ul>
        )}
      </Answered>
    </Panel>
  );
}
