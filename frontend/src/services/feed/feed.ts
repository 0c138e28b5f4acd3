// The feed: reads the registry, the sessions and a snapshot, then follows the stream and comes back by itself when it breaks.
// It draws nothing, holds no quotes and touches no document, so that it can move into a shared worker as it is.

import {
  decodeInstruments,
  decodeNotice,
  decodeQuotes,
  decodeServerNow,
  decodeSessions,
  decodeTotal,
} from '../../domain/decode.ts';
import type { InstrumentSymbol, LocalTime, StreamId } from '../../domain/nominal.ts';
import { localTime } from '../../domain/nominal.ts';
import { compareStreamIds, rewindStreamId } from '../../domain/streamId.ts';
import { getJson, HttpFailure } from '../http.ts';
import { localNow } from '../localClock.ts';
import { backoffDelay } from './backoff.ts';
import type { StreamEvent } from './eventStream.ts';
import { readEventStream } from './eventStream.ts';
import { parseJson } from './json.ts';
import type { FeedHandle, FeedMessage, FeedStatus } from './messages.ts';
import { startTape } from './tape.ts';

/** Trying for longer than this without success is called offline. */
const OFFLINE_AFTER_MS = 30_000;
/** A connection that lasted this long has succeeded: the next failure starts the back-off anew. */
const HEALTHY_AFTER_MS = 5_000;
const SESSION_REFRESH_MS = 300_000;
const SESSION_RETRY_MS = 5_000;
/** The snapshot's records are not read at one instant; the stream is joined this much earlier and the overlap dropped by position. */
const SNAPSHOT_OVERLAP_MS = 1_000;
const MESSAGES_PER_SECOND = 20;

export interface FeedEnvironment {
  readonly fetch: typeof fetch;
  /** A number in [0, 1). */
  random(): number;
  /** Whether the browser believes that it has a network. */
  isOnline(): boolean;
}

interface Watch {
  readonly stop: () => void;
  watchers: number;
}

class Feed implements FeedHandle {
  readonly #environment: FeedEnvironment;
  readonly #emit: (message: FeedMessage) => void;
  readonly #stop = new AbortController();
  #symbols: readonly InstrumentSymbol[] | null = null;
  #position: StreamId | null = null;
  #seeded = false;
  #status: FeedStatus;
  #lastHeard: LocalTime | null = null;
  #degradedSince: LocalTime | null = null;
  #failures = 0;
  #endWait: (() => void) | null = null;
  #endStream: (() => void) | null = null;
  #sessionTimer: ReturnType<typeof setTimeout> | undefined;
  /** The stream was ended by ourselves, to be opened again at once for other symbols. */
  #reopening = false;
  readonly #watches = new Map<InstrumentSymbol, Watch>();

  constructor(environment: FeedEnvironment, emit: (message: FeedMessage) => void) {
    this.#environment = environment;
    this.#emit = emit;
    this.#status = { kind: 'connecting', since: localNow() };
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#sessionTimer);
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
    this.#endWait?.();
  }

  /** Everything has been read already, so that holding anything back would spare nothing. */
  focus(): void {}

  watch(symbol: InstrumentSymbol): () => void {
    const watch = this.#watches.get(symbol) ?? {
      stop: startTape(symbol, this.#environment, this.#emit),
      watchers: 0,
    };
    watch.watchers += 1;
    this.#watches.set(symbol, watch);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      watch.watchers -= 1;
      if (watch.watchers > 0) return;
      watch.stop();
      this.#watches.delete(symbol);
    };
  }

  retryNow(): void {
    this.#endWait?.();
  }

  refreshSessions(): void {
    clearTimeout(this.#sessionTimer);
    // Sessions failing alone must not stop the quotes, so they have a rhythm of their own.
    this.#readSessions().then(
      () => this.#refreshSessionsIn(SESSION_REFRESH_MS),
      () => this.#refreshSessionsIn(SESSION_RETRY_MS),
    );
  }

  async run(): Promise<void> {
    this.#emit({ kind: 'status', status: this.#status });
    while (!this.#stop.signal.aborted) {
      const failure = await this.#connectOnce();
      if (this.#stop.signal.aborted) break;
      if (this.#reopening) this.#reopening = false;
      else await this.#waitAfter(failure);
    }
  }

  /** One snapshot if needed and one stream, until it ends for whatever reason; the reason is returned, null for a plain end. */
  async #connectOnce(): Promise<unknown> {
    try {
      this.refreshSessions();
      await this.#seed();
      await this.#follow();
      return null;
    } catch (error) {
      return error;
    }
  }

  async #seed(): Promise<void> {
    const symbols = this.#symbols ?? (await this.#readInstruments());
    if (this.#seeded && this.#position !== null) return;
    const newest = await this.#readSnapshot(symbols);
    if (newest !== null) this.#position = rewindStreamId(newest, SNAPSHOT_OVERLAP_MS);
  }

  #refreshSessionsIn(milliseconds: number): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#sessionTimer);
    this.#sessionTimer = setTimeout(() => this.refreshSessions(), milliseconds);
  }

  async #readInstruments(): Promise<readonly InstrumentSymbol[]> {
    const { items: instruments, malformed } = decodeInstruments(await this.#get('/api/instruments'));
    this.#countMalformed(malformed);
    const symbols = instruments.map(({ symbol }) => symbol);
    this.#symbols = symbols;
    this.#emit({ kind: 'instruments', instruments });
    return symbols;
  }

  /** Emits the snapshot and returns the newest position in it. */
  async #readSnapshot(symbols: readonly InstrumentSymbol[]): Promise<StreamId | null> {
    const { items, malformed } = decodeQuotes(await this.#get(`/api/quotes?${symbolQuery(symbols)}`));
    this.#countMalformed(malformed);
    let newest: StreamId | null = null;
    for (const { id } of items) {
      if (id !== null && (newest === null || compareStreamIds(id, newest) > 0)) newest = id;
    }
    this.#seeded = true;
    this.#emit({ kind: 'quotes', quotes: items });
    return newest;
  }

  async #readSessions(): Promise<void> {
    const asked = localNow();
    const answer = await this.#get('/api/session?market=all');
    const answered = localNow();
    const { items, malformed } = decodeSessions(answer);
    const serverNow = decodeServerNow(answer);
    if (serverNow !== null) {
      const localMiddle = localTime((asked + answered) / 2);
      this.#emit({ kind: 'clock', serverNow, localNow: localMiddle, errorMs: (answered - asked) / 2 });
    }
    this.#countMalformed(malformed);
    this.#emit({ kind: 'sessions', sessions: items });
  }

  async #follow(): Promise<void> {
    const stream = new AbortController();
    const end = () => stream.abort();
    this.#endStream = end;
    this.#stop.signal.addEventListener('abort', end);
    let openedAt: LocalTime | null = null;
    const query = `${symbolQuery(this.#symbols ?? [])}&conflate=${MESSAGES_PER_SECOND}&enrich=1`;
    try {
      await readEventStream(
        this.#environment.fetch,
        `/api/quotes/stream?${query}`,
        this.#position,
        stream.signal,
        {
          onOpen: () => {
            openedAt = localNow();
            this.#lastHeard = openedAt;
            this.#setStatus({ kind: 'live', since: openedAt });
          },
          onBytes: () => {
            this.#lastHeard = localNow();
          },
          onEvent: (event) => this.#receive(event),
        },
      );
    } finally {
      this.#endStream = null;
      this.#stop.signal.removeEventListener('abort', end);
      if (openedAt !== null && localNow() - openedAt >= HEALTHY_AFTER_MS) this.#failures = 0;
    }
  }

  #receive(event: StreamEvent): void {
    if (event.name === 'degraded' && saysDegraded(event.data)) {
      // Said again to whoever reconnects; the values still stand as they stood at the first time.
      this.#degradedSince ??= localNow();
      this.#setStatus({ kind: 'degraded', since: this.#degradedSince });
    } else if (event.name !== 'session') {
      this.#degradedSince = null;
      if (this.#status.kind === 'degraded') this.#setStatus({ kind: 'live', since: localNow() });
    }
    switch (event.name) {
      case 'reset':
        this.#reset(event.id);
        break;
      case 'quotes':
      case 'quote':
        this.#receiveQuotes(event);
        break;
      case 'session':
        this.#receiveSessions(event);
        break;
      case 'total':
        this.#receiveTotal(event);
        break;
      case 'notification':
        this.#receiveNotice(event);
        break;
      case 'configuration':
        this.#reconfigure();
        break;
    }
  }

  #receiveQuotes(event: StreamEvent): void {
    // The position moves even past an event that cannot be read: asking for it again would give the same bytes.
    if (event.id !== null) this.#position = event.id;
    const parsed = parseJson(event.data);
    const { items, malformed } = decodeQuotes(parsed, event.id);
    this.#countMalformed(malformed);
    if (items.length > 0) this.#emit({ kind: 'quotes', quotes: items });
  }

  #receiveSessions(event: StreamEvent): void {
    const { items, malformed } = decodeSessions(parseJson(event.data));
    this.#countMalformed(malformed);
    if (items.length > 0) this.#emit({ kind: 'sessions', sessions: items });
  }

  #receiveTotal(event: StreamEvent): void {
    const total = decodeTotal(parseJson(event.data));
    if (total === null) this.#countMalformed(1);
    else this.#emit({ kind: 'total', total });
  }

  #receiveNotice(event: StreamEvent): void {
    const notice = decodeNotice(parseJson(event.data));
    if (notice === null) this.#countMalformed(1);
    else this.#emit({ kind: 'notice', notice });
  }

  /** Signals are computed otherwise from now on, and instruments may have come or gone: everything is read anew. */
  #reconfigure(): void {
    const before = this.#symbols?.join();
    this.#readInstruments()
      .then(async (symbols) => {
        await this.#readSnapshot(symbols);
        if (symbols.join() === before) return;
        this.#reopening = true;
        this.#endStream?.();
      })
      .catch(() => this.#endStream?.());
  }

  /** The stream no longer holds our position: the snapshot is read again while the stream goes on. */
  #reset(position: StreamId | null): void {
    this.#seeded = false;
    this.#position = position;
    this.#emit({ kind: 'reset' });
    this.#readSnapshot(this.#symbols ?? []).then(
      (newest) => {
        // An event that came meanwhile has already set a later position.
        this.#position ??= newest;
      },
      () => this.#endStream?.(),
    );
  }

  #startOver(): void {
    this.#symbols = null;
    this.#seeded = false;
    this.#position = null;
    this.#emit({ kind: 'reset' });
  }

  async #waitAfter(failure: unknown): Promise<void> {
    const since = this.#status.kind === 'live' ? (this.#lastHeard ?? localNow()) : this.#status.since;
    if (failure instanceof HttpFailure && (failure.status === 401 || failure.status === 403)) {
      this.#setStatus({ kind: 'signed_out', since });
      await this.#wait(null);
      return;
    }
    // A refused request is not made again as it was: the registry, the snapshot and the position are read anew.
    if (failure instanceof HttpFailure && failure.status === 400) this.#startOver();
    this.#failures += 1;
    const asked = failure instanceof HttpFailure ? (failure.retryAfterMs ?? 0) : 0;
    const delay = Math.max(backoffDelay(this.#failures, this.#environment.random()), asked);
    const now = localNow();
    const hopeless = !this.#environment.isOnline() || now - since > OFFLINE_AFTER_MS;
    this.#setStatus({ kind: hopeless ? 'offline' : 'reconnecting', since, retryAt: localTime(now + delay) });
    await this.#wait(delay);
  }

  /** Waits `milliseconds` (null: for as long as it takes) or until somebody asks to go on. */
  async #wait(milliseconds: number | null): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      if (milliseconds !== null) timer = setTimeout(resolve, milliseconds);
      this.#endWait = resolve;
    });
    clearTimeout(timer);
    this.#endWait = null;
  }

  #get(path: string): Promise<unknown> {
    return getJson(this.#environment.fetch, path, this.#stop.signal);
  }

  #setStatus(status: FeedStatus): void {
    this.#status = status;
    if (!this.#stop.signal.aborted) this.#emit({ kind: 'status', status });
  }

  #countMalformed(count: number): void {
    if (count > 0) this.#emit({ kind: 'malformed', count });
  }
}

function symbolQuery(symbols: readonly InstrumentSymbol[]): string {
  return `symbols=${symbols.map(encodeURIComponent).join(',')}`;
}

/** Only an explicit `false` takes the word back. */
function saysDegraded(data: string): boolean {
  const said = parseJson(data);
  return !(typeof said === 'object' && said !== null && 'degraded' in said && said.degraded === false);
}

/** Starts a feed that speaks to `emit` until it is stopped. */
export function startFeed(environment: FeedEnvironment, emit: (message: FeedMessage) => void): FeedHandle {
  const feed = new Feed(environment, emit);
  void feed.run();
  return feed;
}
