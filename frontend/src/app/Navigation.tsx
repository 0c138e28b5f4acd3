// The way between the pages: a rail at the left, on a phone a bar at the lower edge with the rest under More.

import { NavLink, useLocation } from 'react-router';
import { Icon } from '../components/Icon.tsx';
import { Popover } from '../components/Popover.tsx';
import { useMedia } from '../components/useMedia.ts';
import styles from './Navigation.module.css';
import type { PageEntry } from './pages.tsx';
import { PAGES } from './pages.tsx';

const PHONE = '(max-width: 760px)';

function Entry({ page, onFollow }: { readonly page: PageEntry; onFollow?(): void }) {
  return (
    <NavLink to={page.path} end={page.path === '/'} className={styles['entry'] ?? ''} onClick={onFollow}>
      <Icon name={page.icon} size={20} />
      <span className={styles['name']}>{page.title}</span>
    </NavLink>
  );
}

function PhoneBar({ pages }: { readonly pages: readonly PageEntry[] }) {
  const { pathname } = useLocation();
  const others = pages.filter((page) => !page.onPhone);
  return (
    <nav className={styles['phone']} aria-label="Pages">
      {pages
        .filter((page) => page.onPhone)
        .map((page) => (
          <Entry key={page.path} page={page} />
        ))}
      {others.length > 0 && (
        <Popover
          look="quiet"
          label="More pages"
          worded
          button={
            <span
              className={styles['more']}
              data-here={others.some(({ path }) => pathname === path || pathname.startsWith(`${path}/`))}
            >
              <Icon name="more" size={20} />
              <span className={styles['name']}>More</span>
            </span>
          }
        >
          {(close) => (
            <div className={styles['others']}>
              {others.map((page) => (
                <Entry key={page.path} page={page} onFollow={close} />
              ))}
            </div>
          )}
        </Popover>
      )}
    </nav>
  );
}

export function Navigation() {
  const onPhone = useMedia(PHONE);
  const pages = PAGES.filter(({ place }) => place !== 'nowhere');
  if (onPhone) return <PhoneBar pages={pages} />;
  return (
    <nav className={styles['rail']} aria-label="Pages">
      <svg aria-hidden="true" viewBox="7 3 18 26" className={styles['bolt']}>
        <path d="M18.6 4 7.5 18.2h6.9L12.9 28 24.5 13.2h-7.2z" />
      </svg>
      {pages
        .filter(({ place }) => place === 'top')
        .map((page) => (
          <Entry key={page.path} page={page} />
        ))}
      <span className={styles['space']} />
      {pages
        .filter(({ place }) => place === 'foot')
        .map((page) => (
          <Entry key={page.path} page={page} />
        ))}
    </nav>
  );
}
