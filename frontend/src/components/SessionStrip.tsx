// The state of each market that an instrument trades on, and the time left until it changes, on the server's clock.

import { useEffect, useMemo } from 'react';
import type { MarketSession } from '../domain/session.ts';
import { sessionTitle } from '../domain/session.ts';
import { formatCountdown } from '../domain/time.ts';
import { useAtTick, useDashboard, useReadable, useTimeFormat } from '../state/react.ts';
import styles from './SessionStrip.module.css';

/** The stream announces transitions; should that message be lost, the page asks by itself. */
export function useRefreshWhenDue(at: MarketSession['nextTransitionAt']): void {
  const { refreshSessions } = useDashboard();
  const due = useAtTick((now) => at !== null && at <= now);
  useEffect(() => {
    if (due) refreshSessions();
  }, [due, refreshSessions]);
}

/** The sessions of the markets that an instrument trades on. */
export function useTradedSessions(): readonly MarketSession[] {
  const dashboard = useDashboard();
  const sessions = useReadable(dashboard.sessions);
  const instruments = useReadable(dashboard.instruments);
  return useMemo(() => {
    const traded = new Set(instruments?.map((instrument) => instrument.market));
    return [...sessions.values()].filter(({ market }) => instruments === null || traded.has(market));
  }, [sessions, instruments]);
}

function MarketState({ session }: { readonly session: MarketSession }) {
  const { nextTransitionAt, isOpen } = session;
  const time = useTimeFormat(session.market);
  const left = useAtTick((now) =>
    nextTransitionAt === null ? null : formatCountdown(nextTransitionAt - now),
  );
  useRefreshWhenDue(nextTransitionAt);

  const when =
    nextTransitionAt === null
      ? undefined
      : `${isOpen ? 'Closes' : 'Opens'} ${time.text(nextTransitionAt, 'clock')}`;
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
  const shown = useTradedSessions();
  if (shown.length === 0) return null;
  return (
    <ul className={styles['strip']} aria-label="Markets">
      {shown.map((session) => (
        <MarketState key={session.market} session={session} />
      ))}
    </ul>
  );
}
