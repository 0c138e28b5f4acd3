// What must be known before any number on the page is believed: the data is not real, or it is not current.

import type { InstrumentSymbol } from '../domain/nominal.ts';
import type { Quote } from '../domain/quote.ts';
import { isMock } from '../domain/staleness.ts';
import { formatAge } from '../domain/time.ts';
import type { FeedStatus } from '../services/feed/messages.ts';
import type { Outage } from '../state/react.ts';
import { useAtTick, useDashboard, useOutage, useSelected, useTimeFormat } from '../state/react.ts';
import styles from './Banners.module.css';

const REASONS: Readonly<Record<FeedStatus['kind'], string>> = {
  connecting: '',
  live: '',
  degraded: 'The server has lost its data store.',
  reconnecting: 'The connection to the server is lost.',
  offline: 'The server cannot be reached.',
  signed_out: 'You are signed out.',
};

function OutageBanner({ outage }: { readonly outage: Outage }) {
  const { retryNow, quotes, clock } = useDashboard();
  const { status, asOf } = outage;
  const time = useTimeFormat();
  const age = useAtTick((now) => formatAge(now - asOf));
  const retryAt = 'retryAt' in status ? clock.toServerTime(status.retryAt) : null;
  const wait = useAtTick((now) => (retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1_000))));
  const hasValues = useSelected(quotes.all, (all) => all.size > 0);
  const canRetry = status.kind !== 'degraded' && status.kind !== 'signed_out';
  return (
    <div className={`${styles['banner']} ${styles['outage']}`} role="alert">
      <span>
        <strong>{REASONS[status.kind]}</strong>
        {hasValues && <> Values as of {time.text(asOf, 'clock')}</>}
        {hasValues && (
          <span aria-hidden="true" className={styles['age']}>
            ({age} ago)
          </span>
        )}
      </span>
      {status.kind === 'signed_out' && (
        // The server meets whoever is not logged in with its login page, and leads back here.
        <button type="button" className={styles['retry']} onClick={() => location.reload()}>
          Log in
        </button>
      )}
      {canRetry && (
        <button type="button" className={styles['retry']} aria-label="Retry now" onClick={retryNow}>
          Retry now{wait > 0 && <span className={styles['wait']}> – or in {wait}s</span>}
        </button>
      )}
    </div>
  );
}

/** Text for the part of the symbols that a warning is about: nothing when it is about all of them. */
function share(count: number, total: number): string {
  return count === total ? '' : ` (${count} of ${total} symbols)`;
}

function originCounts(all: ReadonlyMap<InstrumentSymbol, Quote>): string {
  const quotes = [...all.values()];
  const mock = quotes.filter(isMock).length;
  const replay = quotes.filter((quote) => quote.marks.includes('REPLAY')).length;
  return `${mock} ${replay} ${quotes.length}`;
}

function OriginBanner() {
  const { quotes } = useDashboard();
  const counted = useSelected(quotes.all, originCounts);
  const [mock = 0, replay = 0, total = 0] = counted.split(' ').map(Number);
  if (mock === 0 && replay === 0) return null;
  return (
    <div className={`${styles['banner']} ${styles['origin']}`} role="note">
      {mock > 0 && (
        <span>
          <strong>MOCK market data</strong> – not real prices{share(mock, total)}
        </span>
      )}
      {replay > 0 && (
        <span>
          <strong>REPLAY</strong> – recorded market data, not live{share(replay, total)}
        </span>
      )}
    </div>
  );
}

export function Banners() {
  const outage = useOutage();
  return (
    <>
      <OriginBanner />
      {outage !== null && <OutageBanner outage={outage} />}
    </>
  );
}
