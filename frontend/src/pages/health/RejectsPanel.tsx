// Input that was refused: the error, and what came, as text and nothing else.

import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import { useApi } from '../../state/api.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './HealthPage.module.css';
import { count } from './numbers.ts';

const SHOWN = 20;

/** `total`: how many are kept, null while nobody knows. */
export function RejectsPanel({ total }: { readonly total: number | null }) {
  const answer = useApi('/api/health/rejects', { query: { limit: SHOWN }, refreshMs: 5_000 });
  const time = useTimeFormat();
  return (
    <Panel title="Refused input" about={total === null ? undefined : `${count(total)} kept`} flush>
      <Answered
        answer={answer}
        what="refused input"
        isEmpty={(found) => found.length === 0}
        empty="Nothing was refused."
      >
        {(found) => (
          <ul>
            {found.map((reject) => {
              const at = toServerTime(reject.at);
              return (
                <li key={reject.id} className={styles['reject']}>
                  <p>
                    <strong>{reject.code}</strong> {reject.message}
                  </p>
                  <p className={styles['note']}>
                    {reject.source}
                    {reject.field !== null && ` · ${reject.field}`}
                    {at !== null && ` · ${time.text(at, 'moment')}`} · {count(reject.data_length)} characters
                  </p>
                  <code className={styles['input']}>{reject.data === '' ? '(nothing)' : reject.data}</code>
                </li>
              );
            })}
          </ul>
        )}
      </Answered>
    </Panel>
  );
}
