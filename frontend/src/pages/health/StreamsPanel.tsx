// The streams with their readers: how far behind each is, and what it has taken and not finished.

import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Table } from '../../components/Table.tsx';
import styles from './HealthPage.module.css';
import { count, rate } from './numbers.ts';
import type { Health } from './troubles.ts';
import { MOST_LAG } from './troubles.ts';
import type { HealthAnswers } from './useHealth.ts';

const added = ({ streams }: Health) => new Map(streams.map((stream) => [stream.name, stream.added]));

export function StreamsPanel({ health }: { readonly health: HealthAnswers }) {
  const rates = health.rates(added);
  return (
    <Panel title="Streams" flush>
      <Answered
        answer={health.answer}
        what="streams"
        isEmpty={({ streams }) => streams.length === 0}
        empty="There is no stream yet."
      >
        {({ streams }) => (
          <Table
            label="Streams"
            rows={streams}
            keyOf={({ name }) => name}
            columns={[
              { title: 'Stream', isText: true, draw: ({ name }) => name },
              { title: 'Kept', draw: ({ length }) => count(length) },
              { title: 'Rate', draw: ({ name }) => rate(rates.get(name)) },
              {
                title: 'Readers: behind, unfinished',
                isText: true,
                draw: ({ groups }) =>
                  groups.map((group) => (
                    <span
                      key={group.name}
                      className={styles['reader']}
                      data-behind={(group.lag ?? 0) > MOST_LAG}
                    >
                      {group.name} {count(group.lag)}, {count(group.pending)}
                    </span>
                  )),
              },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
