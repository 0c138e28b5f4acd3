// The newest of what was told.

import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import { useApi } from '../../state/api.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './HealthPage.module.css';

export function ToldPanel() {
  const answer = useApi('/api/notifications', { query: { limit: 10 }, refreshMs: 30_000 });
  const time = useTimeFormat();
  return (
    <Panel title="Newest alerts" flush>
      <Answered
        answer={answer}
        what="alerts"
        isEmpty={(found) => found.length === 0}
        empty="Nothing was told yet."
      >
        {(found) => (
          <ul>
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
