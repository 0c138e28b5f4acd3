// The world clock: what every market does now, and its day as a bar, by the server's calendars on the server's clock.

import { useQueries } from '@tanstack/react-query';
import { useContext, useMemo, useState } from 'react';
import { Loading } from '../../components/Answered.tsx';
import { IconButton } from '../../components/Button.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import { useRefreshWhenDue } from '../../components/SessionStrip.tsx';
import type { MarketName } from '../../domain/nominal.ts';
import { serverTime, toServerTime } from '../../domain/nominal.ts';
import type { MarketSession } from '../../domain/session.ts';
import { sessionTitle } from '../../domain/session.ts';
import { formatCountdown } from '../../domain/time.ts';
import { formatInstant } from '../../domain/zone.ts';
import { getApi } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import type { Cell } from '../../state/cell.ts';
import { createCell } from '../../state/cell.ts';
import { MemoryContext, useAtTick, useDashboard, useReadable, useTimeFormat } from '../../state/react.ts';
import { createRemembered } from '../../state/remembered.ts';
import styles from './ClockPage.module.css';
import type { Segment, Window } from './timeline.ts';
import { placeIn, segmentsOf, ticksOf, windowAround } from './timeline.ts';

const DAY_MS = 86_400_000;
const CALENDAR_LASTS_MS = 600_000;

function useFavourites(): Cell<readonly string[]> {
  const memory = useContext(MemoryContext);
  const [cell] = useState(() => {
    const decode = (stored: unknown) =>
      Array.isArray(stored) ? stored.filter((name) => typeof name === 'string') : [];
    return memory === null
      ? createCell<readonly string[]>([])
      : createRemembered(memory, 'thor.markets', decode);
  });
  return cell;
}

/** The bar's span, anew every minute. */
function useWindow(): Window {
  const from = useAtTick((now) => windowAround(now).from);
  return useMemo(() => windowAround(serverTime(from + DAY_MS / 4)), [from]);
}

const dateText = (instant: number) => new Date(instant).toISOString().slice(0, 10);

/** The phases of each market in the bar, by name; a market whose calendar has not come has none yet. */
function useSegments(
  markets: readonly MarketName[],
  window: Window,
): ReadonlyMap<string, readonly Segment[]> {
  // A trade date may begin the evening before its date.
  const query = { from: dateText(window.from - DAY_MS), to: dateText(window.to + DAY_MS) };
  const answers = useQueries({
    queries: markets.map((market) => ({
      queryKey: ['/api/markets/{market}/calendar', market, query],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        getApi('/api/markets/{market}/calendar', { path: { market }, query }, signal),
      staleTime: CALENDAR_LASTS_MS,
    })),
  });
  return new Map(
    markets.map((market, place) => {
      const calendar = answers[place]?.data;
      return [market, calendar === undefined ? [] : segmentsOf(calendar, window)];
    }),
  );
}

export function ClockPage() {
  const sessions = useReadable(useDashboard().sessions);
  const favourites = useFavourites();
  const starred = useReadable(favourites);
  const window = useWindow();
  const all = [...sessions.values()];
  const shown = [
    ...all.filter(({ market }) => starred.includes(market)),
    ...all.filter(({ market }) => !starred.includes(market)),
  ];
  const segments = useSegments(
    shown.map(({ market }) => market),
    window,
  );
  const open = all.filter(({ isOpen }) => isOpen).length;
  const star = (market: string) =>
    favourites.set(
      starred.includes(market) ? starred.filter((name) => name !== market) : [...starred, market],
    );
  return (
    <PageFrame
      title="World clock"
      about={all.length === 0 ? undefined : `${open} of ${all.length} markets open`}
    >
      {all.length === 0 ? (
        <Loading what="the markets" />
      ) : (
        <Panel title="A day around now" flush about="Favourites stand first.">
          <div className={styles['box']}>
            <TimeAxis window={window} />
            <ul aria-label="Markets">
              {shown.map((session) => (
                <Market
                  key={session.market}
                  session={session}
                  segments={segments.get(session.market) ?? []}
                  window={window}
                  isStarred={starred.includes(session.market)}
                  onStar={() => star(session.market)}
                />
              ))}
            </ul>
            <Legend />
          </div>
        </Panel>
      )}
      {starred.length > 1 && <Overlaps markets={starred} />}
    </PageFrame>
  );
}

function TimeAxis({ window }: { readonly window: Window }) {
  const time = useTimeFormat();
  return (
    <div className={styles['axis']} aria-hidden="true">
      <span className={styles['ticks']}>
        {ticksOf(window).map((tick) => (
          <span
            key={tick}
            className={styles['tick']}
            style={{ insetInlineStart: `${placeIn(window, tick)}%` }}
          >
            {time.text(tick, 'minute')}
          </span>
        ))}
        <span className={styles['zone']}>{time.label(window.from)}</span>
      </span>
    </div>
  );
}

interface MarketProps {
  readonly session: MarketSession;
  readonly segments: readonly Segment[];
  readonly window: Window;
  readonly isStarred: boolean;
  onStar(): void;
}

function Market({ session, segments, window, isStarred, onStar }: MarketProps) {
  const { market, title, isOpen, nextTransitionAt, reason, holiday, timeZone, confidence } = session;
  const time = useTimeFormat(market);
  const local = useAtTick((now) => (timeZone === null ? '' : formatInstant(now, timeZone, 'minute')));
  const left = useAtTick((now) =>
    nextTransitionAt === null ? null : formatCountdown(nextTransitionAt - now),
  );
  const now = useAtTick((instant) => placeIn(window, instant));
  useRefreshWhenDue(nextTransitionAt);
  const why = [holiday, reason].filter((text) => text !== null && text !== sessionTitle(session)).join(' · ');
  return (
    <li className={styles['market']} data-open={isOpen}>
      <span className={styles['star']} data-on={isStarred}>
        <IconButton
          icon="star"
          label={isStarred ? `${title} is a favourite; take it off` : `Make ${title} a favourite`}
          aria-pressed={isStarred}
          onClick={onStar}
        />
      </span>
      <span className={styles['about']}>
        <span className={styles['name']}>{title}</span>
        <span className={styles['local']}>
          {local} {timeZone}
        </span>
      </span>
      <span className={styles['state']}>
        <span className={styles['phase']}>
          <span aria-hidden="true" className={styles['mark']} />
          {sessionTitle(session)}
        </span>
        <span className={styles['next']}>
          {left !== null && nextTransitionAt !== null && (
            <span title={time.text(nextTransitionAt, 'clock')}>
              {isOpen ? 'closes in ' : 'opens in '}
              <span className={styles['count']}>{left}</span>
            </span>
          )}
          {why !== '' && ` · ${why}`}
          {confidence === 'template' && ' · by the ordinary week'}
        </span>
      </span>
      <span className={styles['bar']}>
        {segments.map(({ phase, from, to, start, width }) => (
          <span
            key={`${phase} ${from}`}
            className={styles['segment']}
            data-phase={phase === 'open' || phase === 'regular' ? 'open' : phase}
            style={{ insetInlineStart: `${start}%`, inlineSize: `${width}%` }}
            title={`${phase}: ${time.text(from, 'moment')} to ${time.text(to, 'moment')} ${time.label(from)}`}
          >
            <span className="only-heard">
              {phase} from {time.text(from, 'moment')} to {time.text(to, 'moment')}
            </span>
          </span>
        ))}
        <span aria-hidden="true" className={styles['now']} style={{ insetInlineStart: `${now}%` }} />
      </span>
    </li>
  );
}

function Legend() {
  return (
    <p className={styles['legend']}>
      {(['open', 'pre', 'lunch'] as const).map((phase) => (
        <span key={phase} className={styles['key']}>
          <span aria-hidden="true" className={styles['segment']} data-phase={phase} />
          {{ open: 'regular', pre: 'before, after or overnight', lunch: 'lunch or halt' }[phase]}
        </span>
      ))}
    </p>
  );
}

/** When all favourites are open at once, in the week to come. */
function Overlaps({ markets }: { readonly markets: readonly string[] }) {
  const { data } = useApi('/api/markets/overlaps', { query: { markets: markets.join() } });
  const time = useTimeFormat();
  if (data === undefined) return null;
  const spans = data.spans.slice(0, 6).map((span) => ({
    from: toServerTime(span.starts_at),
    to: toServerTime(span.ends_at),
  }));
  return (
    <Panel title="All favourites open at once" about="in the week to come">
      {spans.length === 0 ? (
        <p>They are not.</p>
      ) : (
        <ul className={styles['spans']}>
          {spans.map(
            ({ from, to }) =>
              from !== null &&
              to !== null && (
                <li key={from}>
                  {time.text(from, 'date')}, {time.text(from, 'minute')} to {time.text(to, 'minute')}{' '}
                  {time.label(from)}
                </li>
              ),
          )}
        </ul>
      )}
    </Panel>
  );
}
