// The whole application against a scripted server.

import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startFeed } from '../services/feed/feed.ts';
import { localNow } from '../services/localClock.ts';
import { createDashboard } from '../state/dashboard.ts';
import { createPreferences } from '../state/preferences.ts';
import { browserMemory } from '../state/remembered.ts';
import { pretendDialogs, pretendMedia } from '../testing/browser.ts';
import { quoteJson } from '../testing/builders.ts';
import { ScriptedServer } from '../testing/scriptedServer.ts';
import { App } from './App.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';

let server: ScriptedServer;

beforeEach(() => {
  server = new ScriptedServer();
  pretendMedia();
  pretendDialogs();
  vi.stubGlobal('scrollTo', () => undefined);
  localStorage.clear();
  history.replaceState(null, '', '/');
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open(path = '/'): void {
  history.replaceState(null, '', path);
  const dashboard = createDashboard({
    start: (emit) => startFeed({ fetch: server.fetch, random: () => 0, isOnline: () => true }, emit),
    now: localNow,
    schedule: (work) => queueMicrotask(work),
  });
  const memory = browserMemory(localStorage);
  vi.stubGlobal('fetch', server.fetch);
  render(
    <App
      dashboard={dashboard}
      memory={memory}
      preferences={createPreferences(document, memory)}
      basename="/"
    />,
  );
}

function Fragile({ state }: { readonly state: { broken: boolean } }) {
  if (state.broken) throw new Error('no such thing');
  return <p>mended</p>;
}

test('opens, fills itself from the snapshot and follows the stream', async () => {
  open();
  expect(screen.getByRole('heading').textContent).toBe('Loading the instruments');
  await screen.findByText("118'16");
  expect(screen.getByRole('status').textContent).toBe('Feed: Live');
  expect(document.title).toBe('Live · Thor');
  server.stream.send('quotes', [quoteJson({ id: '2000-0', display: { last: "119'01" } })], '2000-0');
  await screen.findByText("119'01");
});

test('an address that leads nowhere has a page that says so and a way back', async () => {
  open('/nowhere/at/all');
  expect(screen.getByRole('heading').textContent).toBe('There is no page at this address');
  await userEvent.click(screen.getByRole('link', { name: 'Go to the live futures' }));
  await screen.findByRole('heading', { name: 'Live', level: 1 });
});

test('the theme is chosen by the palette and remembered', async () => {
  open();
  await userEvent.keyboard('{Control>}k{/Control}dark{Enter}');
  expect(document.documentElement.dataset['theme']).toBe('dark');
  expect(JSON.parse(localStorage.getItem('thor.preferences') ?? '')).toMatchObject({ theme: 'dark' });
  await userEvent.keyboard('{Control>}k{/Control}as the sys{Enter}');
  expect(document.documentElement.dataset['theme']).toBeUndefined();
});

test('a server that does not answer is named, and the page comes alive when it does', async () => {
  server.refuse('/api/instruments', 503);
  open();
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('Feed: Reconnecting'));
  await screen.findByText("118'16", {}, { timeout: 5_000 });
});

test('a page that fails says so, and is drawn again on request', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const state = { broken: true };
  render(
    <MemoryRouter>
      <ErrorBoundary>
        <Fragile state={state} />
      </ErrorBoundary>
    </MemoryRouter>,
  );
  expect(screen.getByRole('heading').textContent).toBe('This page has failed');
  expect(screen.getByText('no such thing')).toBeDefined();
  state.broken = false;
  await userEvent.click(screen.getByRole('button'));
  expect(screen.getByText('mended')).toBeDefined();
});
