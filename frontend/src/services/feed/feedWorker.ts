// The shared worker: joins the browser's ports to the one feed. Nothing else is decided here.

import { localNow } from '../localClock.ts';
import { startFeed } from './feed.ts';
import type { PageRequest } from './sharedFeed.ts';
import { createSharedFeed } from './sharedFeed.ts';

const shared = createSharedFeed(
  (emit) =>
    startFeed(
      {
        fetch: (input, init) => fetch(input, init),
        random: Math.random,
        isOnline: () => navigator.onLine,
      },
      emit,
    ),
  localNow,
);

self.addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port === undefined) return;
  port.addEventListener('message', ({ data }: MessageEvent<PageRequest>) => shared.receive(port, data));
  port.start();
});
