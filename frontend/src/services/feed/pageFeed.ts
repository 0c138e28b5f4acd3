// A page's end of the feed: through the browser's shared worker, or a feed of its own where there is no such worker.

import type { InstrumentSymbol } from '../../domain/nominal.ts';
import type { FeedEnvironment } from './feed.ts';
import { startFeed } from './feed.ts';
import type { FeedHandle, FeedMessage } from './messages.ts';
import type { PageRequest } from './sharedFeed.ts';
import { ALIVE_MS } from './sharedFeed.ts';

function openWorker(): SharedWorker | null {
  if (typeof SharedWorker === 'undefined') return null;
  try {
    return new SharedWorker(new URL('./feedWorker.ts', import.meta.url), { type: 'module', name: 'thor' });
  } catch {
    return null;
  }
}

/** Starts to speak to `emit`. A worker that cannot be loaded is replaced by a feed of the page's own. */
export function startPageFeed(
  environment: FeedEnvironment,
  emit: (message: FeedMessage) => void,
): FeedHandle {
  const worker = openWorker();
  if (worker === null) return startFeed(environment, emit);
  let own: FeedHandle | null = null;
  const watched = new Map<InstrumentSymbol, number>();
  let focused: readonly InstrumentSymbol[] = [];
  const ask = (request: PageRequest) => worker.port.postMessage(request);
  const greet = () => {
    ask({ ask: 'hello' });
    ask({ ask: 'focus', symbols: focused });
    for (const symbol of watched.keys()) ask({ ask: 'watch', symbol });
  };
  const alive = setInterval(greet, ALIVE_MS);
  const leave = () => ask({ ask: 'leave' });

  worker.port.onmessage = ({ data }: MessageEvent<FeedMessage>) => emit(data);
  worker.onerror = () => {
    clearInterval(alive);
    own ??= startFeed(environment, emit);
    for (const symbol of watched.keys()) own.watch(symbol);
  };
  // A page that is put away keeps its port; when it comes back it says hello again.
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', greet);
  greet();

  return {
    stop() {
      clearInterval(alive);
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('pageshow', greet);
      leave();
      worker.port.close();
      own?.stop();
    },
    retryNow: () => (own === null ? ask({ ask: 'retry' }) : own.retryNow()),
    refreshSessions: () => (own === null ? ask({ ask: 'sessions' }) : own.refreshSessions()),
    focus(symbols) {
      focused = symbols;
      ask({ ask: 'focus', symbols });
    },
    watch(symbol) {
      if (own !== null) return own.watch(symbol);
      watched.set(symbol, (watched.get(symbol) ?? 0) + 1);
      ask({ ask: 'watch', symbol });
      return () => {
        const left = (watched.get(symbol) ?? 1) - 1;
        if (left > 0) {
          watched.set(symbol, left);
          return;
        }
        watched.delete(symbol);
        ask({ ask: 'unwatch', symbol });
      };
    },
  };
}
