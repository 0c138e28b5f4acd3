// Every process that says that it lives, what it does and how fast.

import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import { State } from '../../components/State.tsx';
import { Table } from '../../components/Table.tsx';
import { formatAge } from '../../domain/time.ts';
import styles from './HealthPage.module.css';
import { count, rate } from './numbers.ts';
import type { Health } from './troubles.ts';
import { isWell } from './troubles.ts';
import type { HealthAnswers } from './useHealth.ts';

const counters = ({ processes }: Health) =>
  new Map(
    processes.flatMap(({ name, count: counted }) => (counted === null ? [] : [[name, counted] as const])),
  );

export function ProcessesPanel({ health }: { readonly health: HealthAnswers }) {
  const rates = health.rates(counters);
  return (
    <Panel title="Processes" flush>
      <Answered
        answer={health.answer}
        what="processes"
        isEmpty={({ processes }) => processes.length === 0}
        empty="No process is heard."
      >
        {({ processes }) => (
          <Table
            label="Processes"
            rows={processes}
            keyOf={({ name }) => name}
            columns={[
              { title: 'Process', isText: true, draw: ({ name }) => name },
              {
                title: 'State',
                isText: true,
                draw: (process) => (
                  <>
                    <State tone={isWell(process) ? 'good' : 'bad'} text={process.state} />
                    {process.problem !== null && <span className={styles['problem']}>{process.problem}</span>}
                  </>
                ),
              },
              { title: 'Counted', draw: (process) => count(process.count) },
              { title: 'Rate', draw: ({ name }) => rate(rates.get(name)) },
              {
                title: 'Heard',
                isWide: true,
                draw: ({ age_ms }) => (age_ms === null ? NOTHING : formatAge(age_ms)),
              },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
