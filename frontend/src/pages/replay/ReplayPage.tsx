// Replay: a stored day told again through the pages' own components, on a clock that the reader stops, moves and speeds up.

import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Answered, Loading } from '../../components/Answered.tsx';
import { Select } from '../../components/Field.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import type { Answer } from '../../services/api/client.ts';
import { readFrames } from '../../services/replay/frames.ts';
import { useApi } from '../../state/api.ts';
import { DashboardContext, useDashboard, useReadable } from '../../state/react.ts';
import type { ReplayPlayer } from '../../state/replay/player.ts';
import { createReplayPlayer } from '../../state/replay/player.ts';
import { ReplayBanner } from './ReplayBanner.tsx';
import { ReplayQuotes } from './ReplayQuotes.tsx';
import { dayTitle, decodeDay } from './replayDay.ts';
import { Transport } from './Transport.tsx';

export function ReplayPage() {
  const dates = useApi('/api/thordata/replay');
  const [search, setSearch] = useSearchParams();
  const instruments = useReadable(useDashboard().instruments);
  const today = useToday();
  const known = dates.data?.dates ?? [];
  const date = search.get('date') ?? known[0] ?? null;
  const listed = date === null || known.includes(date) ? known : [date, ...known];
  return (
    <PageFrame
      title="Replay"
      about="A stored day, told again as it happened"
      tools={
        listed.length > 0 && (
          <Select
            label="Day"
            value={date ?? ''}
            options={listed.map((value) => ({ value, text: dayTitle(value, today) }))}
            onChange={(value) => setSearch({ date: value })}
          />
        )
      }
    >
      <Answered
        answer={dates}
        what="stored days"
        isEmpty={() => date === null}
        empty="No ticks are stored yet. As soon as quotes come in, their day can be played here."
      >
        {() =>
          date === null || instruments === null ? (
            <Loading what="the instruments" />
          ) : (
            <StoredDay key={date} date={date} instruments={instruments} />
          )
        }
      </Answered>
    </PageFrame>
  );
}

/** The trade date of now in the market of the first instrument; null while it is not known. */
function useToday(): string | null {
  const dashboard = useDashboard();
  const market = useReadable(dashboard.instruments)?.[0]?.market;
  const sessions = useReadable(dashboard.sessions);
  return market === undefined ? null : (sessions.get(market)?.tradeDate ?? null);
}

interface StoredDayProps {
  readonly date: string;
  readonly instruments: readonly Instrument[];
}

function StoredDay({ date, instruments }: StoredDayProps) {
  const answer = useApi('/api/thordata/replay/{trade_date}', { path: { trade_date: date } });
  return (
    <Answered answer={answer} what={`ticks of ${date}`}>
      {(day) => <Playing stored={day} instruments={instruments} />}
    </Answered>
  );
}

interface PlayingProps {
  readonly stored: Answer<'/api/thordata/replay/{trade_date}'>;
  readonly instruments: readonly Instrument[];
}

function Playing({ stored, instruments }: PlayingProps) {
  // A day that grows while it is played stays what it was: the reader's place in it is not lost.
  const [day] = useState(() => decodeDay(stored));
  const [shown] = useState(instruments);
  const [player, setPlayer] = useState<ReplayPlayer | null>(null);
  useEffect(() => {
    if (day === null) return;
    const made = createReplayPlayer({
      day,
      instruments: shown,
      read: (question, stop) => readFrames((input, init) => fetch(input, init), question, stop),
      now: () => performance.now(),
      schedule: (work) => requestAnimationFrame(work),
    });
    setPlayer(made);
    return () => made.stop();
  }, [day, shown]);
  if (day === null) throw new TypeError('the server described the day in a way that cannot be read');
  if (player === null) return <Loading what="the day" />;
  return <Told player={player} day={day} />;
}

function Told({
  player,
  day,
}: {
  readonly player: ReplayPlayer;
  readonly day: NonNullable<ReturnType<typeof decodeDay>>;
}) {
  const dashboard = useReadable(player.dashboard);
  return (
    <DashboardContext value={dashboard}>
      <ReplayBanner day={day} />
      <Transport player={player} day={day} />
      <ReplayQuotes date={day.date} />
    </DashboardContext>
  );
}
