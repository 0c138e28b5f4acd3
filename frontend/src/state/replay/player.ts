// Plays a stored day: reads its frames ahead of the day's clock, and tells them when the clock is there, never before.

import type { Instrument } from '../../domain/instrument.ts';
import type { ServerTime } from '../../domain/nominal.ts';
import { serverTime } from '../../domain/nominal.ts';
import type { ReplayFrame, ReplayQuestion, ReplaySpan } from '../../services/replay/frames.ts';
import type { Readable } from '../cell.ts';
import { createCell } from '../cell.ts';
import type { Dashboard } from '../dashboard.ts';
import type { Epoch, SessionChange } from './epoch.ts';
import { createEpoch } from './epoch.ts';
import type { Speed } from './speed.ts';
import { paceOf, spanOf, stepOf, tellsEveryEvent } from './speed.ts';

/** Of the reader's time: so much is read at once, and more when less than this is left. */
const READ_MS = 8_000;
const LEFT_MS = 4_000;
const LIMIT = 2_000;
/** A step is looked for in spans from this length on, each twice the one before. */
const FIRST_STEP_SPAN_MS = 60_000;
const LONGEST_STEP_SPAN_MS = 3_600_000;
const STEP_LIMIT = 64;
/** A page out of sight is not drawn; what it missed is not caught up with. */
const LONGEST_FRAME_MS = 250;
const STRIKE_MS = 100;
const RETRY_MS = 3_000;

export interface ReplayDay {
  /** Trade date. */
  readonly date: string;
  /** The span of its markets. */
  readonly start: ServerTime;
  readonly end: ServerTime;
  /** Its first and its last tick. */
  readonly first: ServerTime;
  readonly last: ServerTime;
  readonly sessions: readonly SessionChange[];
}

export interface PlayerState {
  readonly playing: boolean;
  readonly speed: Speed;
  /** The day's clock, told ten times a second. */
  readonly at: ServerTime;
  /** Nothing can be told before the server has answered. */
  readonly waiting: boolean;
  /** How far the server is on its way, 0 to 1; null when it says nothing of that. */
  readonly preparing: number | null;
  /** Why the server's last answer was none; it is asked again by itself. */
  readonly fault: string | null;
  /** The day's last tick was told. */
  readonly ended: boolean;
}

export interface ReplayPlayer {
  readonly state: Readable<PlayerState>;
  /** What the pages observe; another one after each jump. */
  readonly dashboard: Readable<Dashboard>;
  play(): void;
  pause(): void;
  /** Pauses, and goes on to the next instant in which something happened. */
  step(): void;
  seek(at: ServerTime): void;
  setSpeed(speed: Speed): void;
  stop(): void;
}

export interface PlayerEnvironment {
  readonly day: ReplayDay;
  readonly instruments: readonly Instrument[];
  read(question: ReplayQuestion, stop: AbortSignal): Promise<ReplaySpan>;
  /** The reader's own monotonic clock, in milliseconds. */
  now(): number;
  /** Runs its argument before the next frame is drawn. */
  schedule(work: () => void): void;
}

class Player implements ReplayPlayer {
  readonly state = createCell<PlayerState>({
    playing: false,
    speed: '1',
    at: serverTime(0),
    waiting: true,
    preparing: null,
    fault: null,
    ended: false,
  });
  readonly dashboard: ReturnType<typeof createCell<Dashboard>>;
  readonly #environment: PlayerEnvironment;
  #epoch: Epoch;
  /** The day's clock. */
  #now: ServerTime;
  #frames: ReplayFrame[] = [];
  /** Every event before this was told. */
  #told: ServerTime;
  /** Every frame before this has been read. */
  #read: ServerTime;
  /** The length of the frames that were read last. */
  #readStep = 0;
  #snapshotDue = true;
  #stepping = false;
  #stepSpan = FIRST_STEP_SPAN_MS;
  #reading: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = 0;
  #struckAt = 0;
  #scheduled = false;
  #stopped = false;

  constructor(environment: PlayerEnvironment) {
    this.#environment = environment;
    const { first } = environment.day;
    this.#now = this.#told = this.#read = first;
    this.#epoch = this.#begin(first);
    this.dashboard = createCell(this.#epoch.dashboard);
    this.#change({ at: first });
    void this.#fill();
  }

  play(): void {
    if (this.state.get().ended) this.seek(this.#environment.day.first);
    this.#stepping = false;
    this.#change({ playing: true });
    this.#drawnAt = this.#environment.now();
    this.#keepDrawing();
    void this.#fill();
  }

  pause(): void {
    this.#change({ playing: false });
    this.#advance(this.#now, true);
  }

  step(): void {
    this.#change({ playing: false });
    if (this.#readStep !== 1) this.#readAgain();
    this.#stepping = true;
    this.#stepSpan = FIRST_STEP_SPAN_MS;
    this.#takeStep();
  }

  seek(at: ServerTime): void {
    const { start, end } = this.#environment.day;
    const target = serverTime(Math.min(Math.max(at, start), end - 1));
    this.#epoch.end();
    this.#stepping = false;
    this.#snapshotDue = true;
    this.#now = this.#told = target;
    this.#readAgain();
    this.#epoch = this.#begin(target);
    this.dashboard.set(this.#epoch.dashboard);
    this.#change({ at: target, waiting: true, preparing: null, ended: false });
    void this.#fill();
  }

  setSpeed(speed: Speed): void {
    this.#change({ speed });
    // Frames that are coarser than the new pace shows would jump.
    if (this.#readStep > stepOf(speed)) this.#readAgain();
    void this.#fill();
  }

  stop(): void {
    this.#stopped = true;
    this.#reading?.abort();
    clearTimeout(this.#retry);
    this.#epoch.end();
  }

  #begin(start: ServerTime): Epoch {
    const { instruments, day, schedule } = this.#environment;
    return createEpoch({
      start,
      instruments,
      sessions: day.sessions,
      schedule,
      // What was read holds not every event of the symbol.
      onWatch: () => queueMicrotask(() => this.#readAgain()),
    });
  }

  #change(changes: Partial<PlayerState>): void {
    if (!this.#stopped) this.state.set({ ...this.state.get(), ...changes });
  }

  /** Forgets what was read and not told. */
  #readAgain(): void {
    this.#reading?.abort();
    this.#reading = null;
    this.#frames = [];
    this.#read = this.#told;
    void this.#fill();
  }

  #question(): ReplayQuestion | null {
    const { day } = this.#environment;
    const { speed } = this.state.get();
    const left = spanOf(speed, LEFT_MS);
    const wanted = this.#stepping ? this.#frames.length === 0 : this.#read - this.#now < left;
    if (!wanted || this.#read >= day.end) return null;
    const span = this.#stepping ? this.#stepSpan : spanOf(speed, READ_MS);
    return {
      date: day.date,
      start: this.#read,
      end: serverTime(Math.min(this.#read + span, day.end)),
      stepMs: this.#stepping ? 1 : stepOf(speed),
      every: tellsEveryEvent(speed) ? [...this.#epoch.watched] : [],
      snapshot: this.#snapshotDue,
      limit: this.#stepping ? STEP_LIMIT : LIMIT,
    };
  }

  /** Reads ahead as long as something is wanted, one span after the other. */
  async #fill(): Promise<void> {
    if (this.#reading !== null || this.#stopped) return;
    const question = this.#question();
    if (question === null) return;
    const reading = new AbortController();
    this.#reading = reading;
    clearTimeout(this.#retry);
    try {
      const span = await this.#environment.read(question, reading.signal);
      if (this.#reading !== reading) return;
      this.#reading = null;
      this.#take(question, span);
      void this.#fill();
    } catch (error) {
      if (this.#reading !== reading) return;
      this.#reading = null;
      this.#change({ fault: error instanceof Error ? error.message : String(error) });
      this.#retry = setTimeout(() => void this.#fill(), RETRY_MS);
    }
  }

  #take(question: ReplayQuestion, { frames, until, preparing }: ReplaySpan): void {
    this.#change({ fault: null, preparing });
    if (preparing !== null) return;
    this.#readStep = question.stepMs;
    this.#snapshotDue = false;
    this.#frames.push(...frames);
    this.#read = until;
    this.#change({ waiting: false });
    if (this.#stepping) this.#takeStep();
    else this.#advance(this.#now, true);
  }

  /** Goes on to the next frame with a quote; without one among those that were read, more are read. */
  #takeStep(): void {
    for (let frame = this.#frames[0]; frame !== undefined; frame = this.#frames[0]) {
      const happened = frame.quotes.length > 0 && frame.at > this.#now;
      this.#advance(frame.at, true);
      if (!happened) continue;
      this.#stepping = false;
      return;
    }
    if (this.#read >= this.#environment.day.end) {
      this.#stepping = false;
      this.#advance(this.#read, true);
      return;
    }
    this.#stepSpan = Math.min(this.#stepSpan * 2, LONGEST_STEP_SPAN_MS);
    void this.#fill();
  }

  #keepDrawing(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#environment.schedule(() => {
      this.#scheduled = false;
      if (!this.state.get().playing || this.#stopped) return;
      this.#draw();
      this.#keepDrawing();
    });
  }

  /** One frame of the reader's: the day's clock goes on by as much as the pace says, but not past what was read. */
  #draw(): void {
    const real = this.#environment.now();
    const passed = Math.min(real - this.#drawnAt, LONGEST_FRAME_MS);
    this.#drawnAt = real;
    const { speed, waiting } = this.state.get();
    if (this.#snapshotDue) return;
    const pace = paceOf(speed);
    const due = pace === null ? (this.#frames[0]?.at ?? this.#read) : this.#now + passed * pace;
    const starved = due > this.#read;
    if (starved !== waiting) this.#change({ waiting: starved });
    this.#advance(serverTime(Math.min(due, this.#read)), real - this.#struckAt >= STRIKE_MS);
    void this.#fill();
  }

  /** Tells every frame up to an instant. */
  #advance(now: ServerTime, struck: boolean): void {
    this.#now = now;
    this.#epoch.advance(now, false);
    for (let frame = this.#frames[0]; frame !== undefined && frame.at <= now; frame = this.#frames[0]) {
      this.#frames.shift();
      this.#epoch.tell(frame);
      this.#told = frame.at;
    }
    if (this.#frames.length === 0 && this.#read >= now) this.#told = now;
    const { day } = this.#environment;
    const ended = !this.#snapshotDue && this.#told > day.last;
    if (!struck && !ended) return;
    this.#struckAt = this.#environment.now();
    this.#epoch.advance(now, true);
    const { playing } = this.state.get();
    this.#change({ at: now, ended, playing: playing && !ended });
  }
}

export function createReplayPlayer(environment: PlayerEnvironment): ReplayPlayer {
  return new Player(environment);
}
