// What surrounds every page: the header with feed and market state, and the banners. The header never scrolls away;
// on a narrow screen the markets do, so that prices keep the room.

import { Link, Outlet } from 'react-router';
import { Banners } from '../components/Banners.tsx';
import { ConnectionStatus } from '../components/ConnectionStatus.tsx';
import { SessionStrip } from '../components/SessionStrip.tsx';
import { ThemeToggle } from '../components/ThemeToggle.tsx';
import { useMedia } from '../components/useMedia.ts';
import type { Cell } from '../state/cell.ts';
import type { Theme } from '../state/theme.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import styles from './Layout.module.css';

const NARROW = '(max-width: 960px)';

export function Layout({ theme }: { readonly theme: Cell<Theme> }) {
  const narrow = useMedia(NARROW);
  return (
    <>
      <header className={styles['header']}>
        <div className={styles['bar']}>
          <Link to="/" className={styles['wordmark']}>
            <svg aria-hidden="true" viewBox="7 3 18 26" className={styles['bolt']}>
              <path d="M18.6 4 7.5 18.2h6.9L12.9 28 24.5 13.2h-7.2z" />
            </svg>
            Thor
          </Link>
          {!narrow && <SessionStrip />}
          <div className={styles['tools']}>
            <ConnectionStatus />
            <ThemeToggle theme={theme} />
          </div>
        </div>
        <Banners />
      </header>
      {narrow && (
        <section className={styles['markets']} aria-label="Market sessions">
          <SessionStrip />
        </section>
      )}
      <ErrorBoundary>
        <Outlet />
      </ErrorBoundary>
    </>
  );
}
