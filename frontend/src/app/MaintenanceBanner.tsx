// Says that maintenance is on, for as long as it is.

import { toServerTime } from '../domain/nominal.ts';
import { useApi } from '../state/api.ts';
import { useTimeFormat } from '../state/react.ts';
import styles from './MaintenanceBanner.module.css';

const REFRESH_MS = 60_000;

export function MaintenanceBanner() {
  const { data } = useApi('/api/maintenance', { refreshMs: REFRESH_MS });
  const time = useTimeFormat();
  return data
    ?.filter((window) => window.is_on && window.shows_banner)
    .map(({ title, starts_at, ends_at, markets }) => {
      const until = toServerTime(ends_at);
      return (
        <div key={`${title} ${starts_at}`} className={styles['banner']} role="note">
          <strong>Maintenance: {title}</strong>
          {until !== null && <span> – until {time.text(until, 'clock')}</span>}
          {markets.length > 0 && <span> ({markets.join(', ')})</span>}
        </div>
      );
    });
}
