// Starts the dashboard in a browser: the only place where the browser's own objects are named and joined to the application.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { startPageFeed } from './services/feed/pageFeed.ts';
import { localNow } from './services/localClock.ts';
import { createDashboard } from './state/dashboard.ts';
import { createPreferences } from './state/preferences.ts';
import { browserMemory } from './state/remembered.ts';
import './styles/tokens.css';
import './styles/base.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id root');

const dashboard = createDashboard({
  start: (emit) =>
    startPageFeed(
      {
        fetch: (input, init) => fetch(input, init),
        random: Math.random,
        isOnline: () => navigator.onLine,
      },
      emit,
    ),
  now: localNow,
  schedule: (work) => requestAnimationFrame(work),
});

const memory = browserMemory(localStorage);

createRoot(root).render(
  <StrictMode>
    <App
      dashboard={dashboard}
      memory={memory}
      preferences={createPreferences(document, memory)}
      // Built, the pages stand at the root beside /static/; the development server has everything under the base.
      basename={import.meta.env.DEV ? import.meta.env.BASE_URL : '/'}
    />
  </StrictMode>,
);
