// Where quotes come from, and how that goes.

import type { UseQueryResult } from '@tanstack/react-query';
import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import { State } from '../../components/State.tsx';
import { Table } from '../../components/Table.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import type { Answer } from '../../services/api/client.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './HealthPage.module.css';
import { count, rate } from './numbers.ts';
import { isWellProvider } from './troubles.ts';

type Providers = Answer<'/api/providers'>;

function refusals(codes: Readonly<Record<string, number>> | null): string {
  return Object.entries(codes ?? {})
    .map(([code, times]) => `${code} ${times}`)
    .join(', ');
}

export function SourcesPanel({ answer }: { readonly answer: UseQueryResult<Providers, Error> }) {
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
          <Table
            label="Sources"
            rows={found}
            keyOf={({ source }) => source}
            columns={[
              { title: 'Source', isText: true, draw: ({ source }) => source },
              {
                title: 'Status',
                isText: true,
                draw: (provider) => (
                  <>
                    <State
                      tone={isWellProvider(provider) ? 'good' : 'bad'}
                      text={provider.status.replaceAll('_', ' ')}
                    />
                    {provider.problem !== null && (
                      <span className={styles['problem']}>{provider.problem}</span>
                    )}
                  </>
                ),
              },
              { title: 'Events', draw: ({ events }) => count(events) },
              { title: 'Rate', draw: (provider) => rate(provider.rate) },
              { title: 'Lag', draw: ({ lag_ms }) => (lag_ms === null ? NOTHING : `${count(lag_ms)} ms`) },
              {
                title: 'Last event',
                isWide: true,
                draw: ({ last_event_ts }) => {
                  const at = last_event_ts === null ? null : toServerTime(last_event_ts);
                  return at === null ? NOTHING : time.text(at, 'moment');
                },
              },
              {
                title: 'Rejects',
                isWide: true,
                draw: ({ rejects, rejects_by_code }) => (
                  <span title={refusals(rejects_by_code)}>{count(rejects)}</span>
                ),
              },
              { title: 'Spooled', isWide: true, draw: ({ spooled }) => count(spooled) },
              { title: 'Dropped', isWide: true, draw: ({ dropped }) => count(dropped) },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
