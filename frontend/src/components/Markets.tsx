// The markets of the instruments in one line: how many are open, and what changes next. All of them are behind it.

import type { MarketSession } from '../domain/session.ts';
import { formatCountdown } from '../domain/time.ts';
import { useAtTick } from '../state/react.ts';
import styles from './Markets.module.css';
import { Popover } from './Popover.tsx';
import { SessionStrip, useRefreshWhenDue, useTradedSessions } from './SessionStrip.tsx';

/** The session that changes first; null when none is known to change. */
function nextToChange(sessions: readonly MarketSession[]): MarketSession | null {
  return sessions.reduce<MarketSession | null>((first, session) => {
    if (session.nextTransitionAt === null) return first;
    if (first === null || first.nextTransitionAt === null) return session;
    return session.nextTransitionAt < first.nextTransitionAt ? session : first;
  }, null);
}

export function Markets() {
  const sessions = useTradedSessions();
  if (sessions.length === 0) return null;
  const open = sessions.filter(({ isOpen }) => isOpen).length;
  const state = open === 0 ? 'closed' : open === sessions.length ? 'open' : 'mixed';
  return (
    <Popover
      look="quiet"
      label="Markets"
      worded
      button={
        <span className={styles['markets']} data-state={state}>
          <span aria-hidden="true" className={styles['mark']} />
          <span className={styles['state']}>
            {open === 0 ? null : `${open} of ${sessions.length} `}
            <span className={styles['word']}>{open === 0 ? 'Markets ' : 'markets '}</span>
            {open === 0 ? 'closed' : 'open'}
          </span>
          <NextChange sessions={sessions} />
        </span>
      }
    >
      {() => <SessionStrip />}
    </Popover>
  );
}

function NextChange({ sessions }: { readonly sessions: readonly MarketSession[] }) {
  const next = nextToChange(sessions);
  const at = next?.nextTransitionAt ?? null;
  const left = useAtTick((now) => (at === null ? null : formatCountdown(at - now)));
  useRefreshWhenDue(at);
  if (next === null || left === null) return null;
  return (
    <span className={styles['next']}>
      {next.title} {next.isOpen ? 'closes' : 'opens'} in <span className={styles['count']}>{left}</span>
    </span>
  );
}
