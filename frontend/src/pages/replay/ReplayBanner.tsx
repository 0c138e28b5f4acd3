// Says on every part of the page that nothing of it is now: which day is told, and what its clock reads.

import { PageBanner } from '../../components/PageBanner.tsx';
import { useAtTick, useDashboard, useReadable, useTimeFormat } from '../../state/react.ts';
import type { ReplayDay } from '../../state/replay/player.ts';
import styles from './ReplayBanner.module.css';
import { dayTitle } from './replayDay.ts';

export function ReplayBanner({ day }: { readonly day: ReplayDay }) {
  const market = useReadable(useDashboard().instruments)?.[0]?.market ?? null;
  const time = useTimeFormat(market);
  const now = useAtTick((instant) => time.text(instant, 'moment'));
  const zone = useAtTick((instant) => time.label(instant));
  return (
    <PageBanner>
      <div className={styles['banner']} role="note">
        <strong>REPLAY of {dayTitle(day.date, null)}</strong>
        <span className={styles['time']}>
          {now} {zone}
        </span>
        <span className={styles['rest']}>Recorded prices, not live</span>
      </div>
    </PageBanner>
  );
}
