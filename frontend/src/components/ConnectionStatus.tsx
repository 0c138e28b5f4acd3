// The state of the feed in one dot and one word; a polite status region, so that a change is heard once.

import type { FeedStatus } from '../services/feed/messages.ts';
import { useDashboard, useReadable } from '../state/react.ts';
import styles from './ConnectionStatus.module.css';

const WORDS: Readonly<Record<FeedStatus['kind'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  degraded: 'Degraded',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  signed_out: 'Signed out',
};

export function ConnectionStatus() {
  const { kind } = useReadable(useDashboard().status);
  return (
    <span role="status" aria-live="polite" className={styles['status']} data-state={kind}>
      <span aria-hidden="true" className={styles['dot']} />
      <span className="only-heard">Feed: </span>
      {WORDS[kind]}
    </span>
  );
}
