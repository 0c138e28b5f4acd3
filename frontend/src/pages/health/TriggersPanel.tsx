// What happens because of markets, and how it went last.

import type { UseQueryResult } from '@tanstack/react-query';
import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import type { Tone } from '../../components/State.tsx';
import { State } from '../../components/State.tsx';
import { Table } from '../../components/Table.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import type { Answer } from '../../services/api/client.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './HealthPage.module.css';

type Triggers = Answer<'/api/triggers'>;

const TONES: Readonly<Record<string, Tone>> = {
  done: 'good',
  running: 'wait',
  due: 'wait',
  failed: 'bad',
  missed: 'bad',
};

export function TriggersPanel({ answer }: { readonly answer: UseQueryResult<Triggers, Error> }) {
  const time = useTimeFormat();
  const moment = (text: string | null) => {
    const at = text === null ? null : toServerTime(text);
    return at === null ? NOTHING : time.text(at, 'moment');
  };
  return (
    <Panel title="Triggers" flush>
      <Answered
        answer={answer}
        what="triggers"
        isEmpty={(found) => found.length === 0}
        empty="No trigger is written down."
      >
        {(found) => (
          <Table
            label="Triggers"
            rows={found}
            keyOf={({ id }) => id}
            columns={[
              {
                title: 'Trigger',
                isText: true,
                draw: ({ name, action, market }) => (
                  <>
                    {name}
                    <span className={styles['note']}>
                      {action} · {market.replaceAll('_', ' ')}
                    </span>
                  </>
                ),
              },
              {
                title: 'Last run',
                isText: true,
                draw: ({ last_run }) =>
                  last_run === null ? (
                    'never'
                  ) : (
                    <>
                      <State tone={TONES[last_run.state] ?? 'plain'} text={last_run.state} />
                      <span className={styles['note']}>{moment(last_run.due_at)}</span>
                      {last_run.reason !== '' && <span className={styles['problem']}>{last_run.reason}</span>}
                    </>
                  ),
              },
              {
                title: 'Next',
                draw: ({ enabled, next_due_at }) => (enabled ? moment(next_due_at) : 'switched off'),
              },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
