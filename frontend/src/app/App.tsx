// The application: which page stands at which address, around one dashboard.

import { useEffect } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { LivePage } from '../pages/live/LivePage.tsx';
import { MissingPage } from '../pages/missing/MissingPage.tsx';
import type { Cell } from '../state/cell.ts';
import type { Dashboard } from '../state/dashboard.ts';
import { DashboardContext } from '../state/react.ts';
import type { Theme } from '../state/theme.ts';
import { Layout } from './Layout.tsx';

interface AppProps {
  readonly dashboard: Dashboard;
  readonly theme: Cell<Theme>;
  readonly basename: string;
}

export function App({ dashboard, theme, basename }: AppProps) {
  useEffect(() => dashboard.connect(), [dashboard]);

  useEffect(() => {
    const wake = () => {
      if (document.visibilityState === 'hidden') return;
      dashboard.retryNow();
      // The computer may have slept, and its monotonic clock with it.
      dashboard.refreshSessions();
    };
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('online', wake);
    return () => {
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', wake);
    };
  }, [dashboard]);

  return (
    <DashboardContext value={dashboard}>
      <BrowserRouter basename={basename}>
        <Routes>
          <Route element={<Layout theme={theme} />}>
            <Route index element={<LivePage />} />
            <Route path="*" element={<MissingPage />} />
          </Route>
        </Routes>
      </BrowserRouter>
    </DashboardContext>
  );
}
