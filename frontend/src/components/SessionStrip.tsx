// The state of each market that an instrument trades on, and the time left until it changes, on the server's clock.

import { useEffect } from 'react';
import type { MarketSession } from '../domain/session.ts';
import { sessionTitle } from '../domain/session.ts';
import { formatClock, formatCountdown } from '../domain/time.ts';
import { useAtTick, useDashboard, useReadable } from '../state/react.ts';
import styles from './SessionStrip.module.css';

function MarketState({ session }: { readonly session: MarketSession }) {
  const { refreshSessions } = useDashboard();
  const { nextTransitionAt, isOpen } = session;
  const left = useAtTick((now) =>
    nextTransitionAt === null ? null : formatCountdown(nextTransitionAt - now),
  );
  const due = useAtTick((now) => nextTransitionAt !== null && nextTransitionAt <= now);

  // The stream announces transitions; should that message be lost, the page asks by itself.
  useEffect(() => {
    if (due) refreshSessions();
  }, [due, refreshSessions]);

  const when =
    nextTransitionAt === null ? undefined : `${isOpen ? 'Closes' : 'Opens'} ${formatClock(nextTransitionAt)}`;
  return (
    <li className={styles['market']} data-open={isOpen} title={when}>
      <span className={styles['name']}>{session.title}</span>
      <span className={styles['state']}>
        <span aria-hidden="true" className={styles['mark']} />
        {sessionTitle(session)}
      </span>
      {left !== null && (
        <span className={styles['left']}>
          {isOpen ? 'closes in ' : 'opens in '}
          <span className={styles['count']}>{left}</span>
        </span>
      )}
    </li>
  );
}

export function SessionStrip() {
  const dashboard = useDashboard();
  const sessions = useReadable(dashboard.sessions);
  const instruments = useReadable(dashboard.instruments);
  if (sessions.size === 0) return null;
  const traded = new Set(instruments?.map((instrument) => instrument.market));
  const shown = [...sessions.values()].filter(({ market }) => instruments === null || traded.has(market));
  return (
    <ul className={styles['strip']} aria-label="Markets">
      {shown.map((session) => (
        <MarketState key={session.market} session={session} />
      ))}
    </ul>
  );
}
