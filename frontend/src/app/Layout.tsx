// What surrounds every page: the navigation (a rail, on a phone a bar), the header with feed and market state, the banners.

import { Suspense } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { Loading } from '../components/Answered.tsx';
import { Banners } from '../components/Banners.tsx';
import { ConnectionStatus } from '../components/ConnectionStatus.tsx';
import { Markets } from '../components/Markets.tsx';
import { PAGE_BANNER } from '../components/PageBanner.tsx';
import { Toasts } from '../components/Toasts.tsx';
import { WallClock } from '../components/WallClock.tsx';
import { Account } from './Account.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import styles from './Layout.module.css';
import { MaintenanceBanner } from './MaintenanceBanner.tsx';
import { Navigation } from './Navigation.tsx';
import { Notifications } from './Notifications.tsx';
import { Palette } from './Palette.tsx';

export function Layout() {
  const { pathname, search } = useLocation();
  // A page in a window of its own has no navigation: it is there to be looked at.
  const alone = new URLSearchParams(search).has('alone');
  return (
    <div className={styles['layout']}>
      <a href="#content" className={styles['skip']}>
        Skip to the page
      </a>
      {!alone && <Navigation />}
      <div className={styles['column']}>
        <header className={styles['header']}>
          <div className={styles['bar']}>
            <Link to="/" className={styles['wordmark']} aria-label="Thor: to the live page">
              <svg aria-hidden="true" viewBox="7 3 18 26" className={styles['bolt']}>
                <path d="M18.6 4 7.5 18.2h6.9L12.9 28 24.5 13.2h-7.2z" />
              </svg>
            </Link>
            <Palette />
            <div className={styles['markets']}>
              <Markets />
            </div>
            <div className={styles['tools']}>
              <WallClock />
              <ConnectionStatus />
              <Notifications />
              <Account />
            </div>
          </div>
          <Banners />
          <div id={PAGE_BANNER} />
          <MaintenanceBanner />
        </header>
        {/* Another page is another chance: what has failed on one does not follow to the next. */}
        <ErrorBoundary key={pathname}>
          <Suspense fallback={<Loading what="the page" />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </div>
      <Toasts />
    </div>
  );
}
