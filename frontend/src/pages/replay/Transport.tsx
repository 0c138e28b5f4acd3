// The controls of a replay: play, pause, step, jump, speed, and the day itself with its market's phases to seek in.

import { useEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../../components/Button.tsx';
import { Select } from '../../components/Field.tsx';
import type { MarketName } from '../../domain/nominal.ts';
import { serverTime } from '../../domain/nominal.ts';
import { sessionTitle } from '../../domain/session.ts';
import { formatCountdown } from '../../domain/time.ts';
import { useAtTick, useDashboard, useReadable, useSession, useTimeFormat } from '../../state/react.ts';
import type { PlayerState, ReplayDay, ReplayPlayer } from '../../state/replay/player.ts';
import type { Speed } from '../../state/replay/speed.ts';
import { SPEEDS } from '../../state/replay/speed.ts';
import { phasesOf, placeIn } from './replayDay.ts';
import styles from './Transport.module.css';

const MINUTE_MS = 60_000;
const TICK_MS = 3 * 3_600_000;
/** A slider that is moved is followed once it rests so long. */
const SETTLED_MS = 150;

const SPEED_NAMES = SPEEDS.map((speed) => ({
  value: speed,
  text: speed === 'max' ? 'as fast as it goes' : `${speed}×`,
}));

interface TransportProps {
  readonly player: ReplayPlayer;
  readonly day: ReplayDay;
}

export function Transport({ player, day }: TransportProps) {
  const state = useReadable(player.state);
  const { playing, at, speed } = state;
  const market = useReadable(useDashboard().instruments)?.[0]?.market ?? null;
  return (
    <section className={styles['transport']} aria-label="Replay controls">
      <div className={styles['row']}>
        <div className={styles['buttons']}>
          <IconButton
            icon="back"
            label="Back a minute"
            onClick={() => player.seek(serverTime(at - MINUTE_MS))}
          />
          <Button
            look="main"
            icon={playing ? 'pause' : 'play'}
            onClick={() => (playing ? player.pause() : player.play())}
          >
            {playing ? 'Pause' : 'Play'}
          </Button>
          <IconButton icon="step" label="Step to the next event" onClick={() => player.step()} />
          <IconButton
            icon="forward"
            label="Forward a minute"
            onClick={() => player.seek(serverTime(at + MINUTE_MS))}
          />
        </div>
        <Select
          label="Speed"
          value={speed}
          options={SPEED_NAMES}
          onChange={(value) => player.setSpeed(SPEEDS.find((known) => known === value) ?? ('1' as Speed))}
        />
        {market !== null && <MarketThen market={market} />}
        <p className={styles['word']} role="status">
          {wordOf(state)}
        </p>
      </div>
      <Timeline player={player} day={day} market={market} />
    </section>
  );
}

/** What keeps the day from going on; nothing while it does, or while it is simply paused. */
function wordOf({ fault, preparing, waiting, ended }: PlayerState): string {
  if (fault !== null) return `The server does not answer (${fault}). It is asked again.`;
  if (preparing !== null) return `Reading what went before: ${Math.round(preparing * 100)} %`;
  if (waiting) return 'Loading …';
  return ended ? 'The day’s last tick has been told.' : '';
}

function MarketThen({ market }: { readonly market: MarketName }) {
  const session = useSession(market);
  const next = session?.nextTransitionAt ?? null;
  const left = useAtTick((now) => (next === null ? null : formatCountdown(next - now)));
  if (session === null) return null;
  return (
    <p className={styles['market']}>
      {session.title}: <strong>{sessionTitle(session)}</strong>
      {left !== null && (
        <>
          , {session.isOpen ? 'closes' : 'opens'} in <span className={styles['count']}>{left}</span>
        </>
      )}
    </p>
  );
}

interface TimelineProps extends TransportProps {
  readonly market: MarketName | null;
}

function Timeline({ player, day, market }: TimelineProps) {
  const { at } = useReadable(player.state);
  const time = useTimeFormat(market);
  // Where the reader has moved the slider to, until it is followed.
  const [wanted, setWanted] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const move = (value: number) => {
    setWanted(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      player.seek(serverTime(value));
      setWanted(null);
    }, SETTLED_MS);
  };

  const shown = serverTime(wanted ?? at);
  const phases = market === null ? [] : phasesOf(day, market);
  const ticks = Array.from(
    { length: Math.floor((day.end - Math.ceil(day.start / TICK_MS) * TICK_MS) / TICK_MS) + 1 },
    (_, place) => serverTime(Math.ceil(day.start / TICK_MS) * TICK_MS + place * TICK_MS),
  );
  return (
    <div className={styles['timeline']}>
      <div className={styles['band']} aria-hidden="true">
        {phases.map(({ phase, isOpen, from, to }) => (
          <span
            key={from}
            className={styles['phase']}
            data-phase={isOpen ? 'open' : phase}
            style={{
              insetInlineStart: `${placeIn(day, from)}%`,
              inlineSize: `${placeIn(day, to) - placeIn(day, from)}%`,
            }}
            title={`${phase}: ${time.text(from, 'moment')} to ${time.text(to, 'moment')}`}
          />
        ))}
        <span
          className={styles['stored']}
          style={{
            insetInlineStart: `${placeIn(day, day.first)}%`,
            inlineSize: `max(3px, ${placeIn(day, day.last) - placeIn(day, day.first)}%)`,
          }}
          title="Where the stored ticks lie"
        />
      </div>
      <input
        type="range"
        className={styles['slider']}
        aria-label="Time of the day"
        aria-valuetext={`${time.text(shown, 'moment')} ${time.label(shown)}`}
        min={day.start}
        max={day.end}
        step={1_000}
        value={shown}
        onChange={({ target }) => move(target.valueAsNumber)}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
          if (step === undefined) return;
          // A second a press leads nowhere in a day.
          event.preventDefault();
          move(Math.min(day.end, Math.max(day.start, shown + step * MINUTE_MS)));
        }}
      />
      <div className={styles['ticks']} aria-hidden="true">
        {ticks.map((tick, place) => (
          <span
            key={tick}
            className={styles['tick']}
            data-odd={place % 2 === 1}
            style={{ insetInlineStart: `${placeIn(day, tick)}%` }}
          >
            {time.text(tick, 'minute')}
          </span>
        ))}
      </div>
      <p className={styles['legend']}>
        <span className={styles['key']}>
          <span aria-hidden="true" className={styles['phase']} data-phase="open" /> market open
        </span>
        <span className={styles['key']}>
          <span aria-hidden="true" className={styles['phase']} data-phase="closed" /> closed
        </span>
        <span className={styles['key']}>
          <span aria-hidden="true" className={styles['stored']} /> stored ticks,{' '}
          {time.text(day.first, 'minute')} to {time.text(day.last, 'minute')} {time.label(day.first)}
        </span>
      </p>
    </div>
  );
}
