// What surrounds every page: the header with feed and market state, and the banners.

import { Link, Outlet } from 'react-router';
import { Banners } from '../components/Banners.tsx';
import { ConnectionStatus } from '../components/ConnectionStatus.tsx';
import { SessionStrip } from '../components/SessionStrip.tsx';
import { ThemeToggle } from '../components/ThemeToggle.tsx';
import type { Cell } from '../state/cell.ts';
import type { Theme } from '../state/theme.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import styles from './Layout.module.css';

export function Layout({ theme }: { readonly theme: Cell<Theme> }) {
  return (
    <>
      <header className={styles['header']}>
        <Link to="/" className={styles['wordmark']}>
          <svg aria-hidden="true" viewBox="7 3 18 26" className={styles['bolt']}>
            <path d="M18.6 4 7.5 18.2h6.9L12.9 28 24.5 13.2h-7.2z" />
          </svg>
          Thor
        </Link>
        <div className={styles['markets']}>
          <SessionStrip />
        </div>
        <div className={styles['tools']}>
          <ConnectionStatus />
          <ThemeToggle theme={theme} />
        </div>
      </header>
      <Banners />
      <ErrorBoundary>
        <Outlet />
      </ErrorBoundary>
    </>
  );
}
