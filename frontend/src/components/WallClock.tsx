// The server's time in the reader's zone; a press goes on to the next zone.

import { ZONE_CHOICES } from '../domain/zone.ts';
import { useAtTick, useDashboard, usePreferences, useReadable, useTimeFormat } from '../state/react.ts';
import styles from './WallClock.module.css';

export function WallClock() {
  const [{ zone: choice }, change] = usePreferences();
  // The exchange's clock is that of the market which the first instrument trades on.
  const market = useReadable(useDashboard().instruments)?.[0]?.market ?? null;
  const time = useTimeFormat(market);
  const text = useAtTick((now) => time.text(now, 'time'));
  const label = useAtTick((now) => time.label(now));
  const next = ZONE_CHOICES[(ZONE_CHOICES.indexOf(choice) + 1) % ZONE_CHOICES.length] ?? 'local';
  return (
    <button
      type="button"
      className={styles['clock']}
      title={`Times are told by the ${choice === 'utc' ? 'UTC' : choice} clock; press for ${next === 'utc' ? 'UTC' : next}`}
      onClick={() => change({ zone: next })}
    >
      {text}
      <span className={styles['zone']}>{label}</span>
    </button>
  );
}
