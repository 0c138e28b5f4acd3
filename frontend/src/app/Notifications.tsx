// What the server has told, behind a bell: counted while nobody has taken note of it, listed when it is opened.
// A new one is also shown as a toast, and heard where the reader wants sounds.

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { Answered } from '../components/Answered.tsx';
import { ALERTS_PATH } from '../components/addresses.ts';
import { playChime } from '../components/chime.ts';
import { Icon } from '../components/Icon.tsx';
import { Popover } from '../components/Popover.tsx';
import { toServerTime } from '../domain/nominal.ts';
import { useApi } from '../state/api.ts';
import { useDashboard, usePreferences, useReadable, useTimeFormat } from '../state/react.ts';
import styles from './Notifications.module.css';

const REFRESH_MS = 300_000;
const MOST = 20;
const UNSEEN = { unacknowledged: true, limit: 100 } as const;

/** New notifications become toasts, and whatever lists notifications reads them again. */
function useNewNotices(): void {
  const dashboard = useDashboard();
  const notice = useReadable(dashboard.notice);
  const queries = useQueryClient();
  const [{ sounds }] = usePreferences();
  const wantsSound = useRef(sounds);
  wantsSound.current = sounds;
  useEffect(() => {
    if (notice === null) return;
    void queries.invalidateQueries({ queryKey: ['/api/notifications'] });
    if (notice.acknowledged) return;
    const urgent = notice.severity === 'critical' || notice.severity === 'error';
    dashboard.toasts.show({
      tone: urgent ? 'bad' : 'notice',
      title: notice.title,
      text: notice.text,
      key: `notice ${notice.id}`,
    });
    if (wantsSound.current) playChime(urgent);
  }, [notice, dashboard, queries]);
}

export function Notifications() {
  useNewNotices();
  const { data } = useApi('/api/notifications', { query: UNSEEN, refreshMs: REFRESH_MS });
  const count = data?.length ?? 0;
  return (
    <Popover
      look="icon"
      label={count === 0 ? 'Notifications' : `Notifications: ${count} new`}
      button={
        <span className={styles['bell']}>
          <Icon name="bell" />
          {count > 0 && <span className={styles['count']}>{count}</span>}
        </span>
      }
    >
      {(close) => <NotificationList onLeave={close} />}
    </Popover>
  );
}

function NotificationList({ onLeave }: { onLeave(): void }) {
  const answer = useApi('/api/notifications', { query: { limit: MOST } });
  const time = useTimeFormat();
  return (
    <div className={styles['list']}>
      <div className={styles['head']}>
        <h2 className={styles['title']}>Notifications</h2>
        <Link to={ALERTS_PATH} onClick={onLeave}>
          All alerts and their rules
        </Link>
      </div>
      <Answered
        answer={answer}
        what="notifications"
        isEmpty={(found) => found.length === 0}
        empty="Nothing was told yet."
      >
        {(found) => (
          <ul>
            {found.map((notice) => {
              const at = toServerTime(notice.created_at);
              return (
                <li
                  key={notice.id}
                  className={styles['item']}
                  data-severity={notice.severity}
                  data-seen={notice.acknowledged_at !== null}
                >
                  <p>
                    <strong>{notice.title}</strong>
                  </p>
                  <p className={styles['text']}>{notice.text}</p>
                  <p className={styles['when']}>
                    {notice.severity}
                    {at !== null && ` · ${time.text(at, 'moment')} ${time.label(at)}`}
                    {notice.acknowledged_at !== null &&
                      ` · seen${notice.acknowledged_by === '' ? '' : ` by ${notice.acknowledged_by}`}`}
                  </p>
                </li>
              );
            })}
          </ul>
        )}
      </Answered>
    </div>
  );
}
