// The application: which page stands at which address, around one dashboard.

import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { MissingPage } from '../pages/missing/MissingPage.tsx';
import { createQueryClient } from '../state/api.ts';
import type { Cell } from '../state/cell.ts';
import type { Dashboard } from '../state/dashboard.ts';
import type { Preferences } from '../state/preferences.ts';
import { DashboardContext, MemoryContext, PreferencesContext } from '../state/react.ts';
import type { Memory } from '../state/remembered.ts';
import { Layout } from './Layout.tsx';
import { PAGES } from './pages.tsx';

interface AppProps {
  readonly dashboard: Dashboard;
  readonly memory: Memory;
  readonly preferences: Cell<Preferences>;
  readonly basename: string;
}

export function App({ dashboard, memory, preferences, basename }: AppProps) {
  const [queries] = useState(() =>
    createQueryClient(() =>
      dashboard.toasts.show({
        tone: 'bad',
        key: 'signed out',
        title: 'You are signed out',
        text: 'Load the page again to log in; it leads back here.',
      }),
    ),
  );

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
      <MemoryContext value={memory}>
        <PreferencesContext value={preferences}>
          <QueryClientProvider client={queries}>
            <BrowserRouter basename={basename}>
              <Routes>
                <Route element={<Layout />}>
                  {PAGES.map(({ path, draw: Draw }) => (
                    <Route key={path} path={path} element={<Draw />} />
                  ))}
                  <Route path="*" element={<MissingPage />} />
                </Route>
              </Routes>
            </BrowserRouter>
          </QueryClientProvider>
        </PreferencesContext>
      </MemoryContext>
    </DashboardContext>
  );
}
