import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { decodeInstruments } from '../../domain/decode.ts';
import { serverTime } from '../../domain/nominal.ts';
import type { ReplayFrame, ReplayQuestion, ReplaySpan } from '../../services/replay/frames.ts';
import { instrumentJson, quoteJson, symbol } from '../../testing/builders.ts';
import { createReplayPlayer } from './player.ts';

const START = Date.parse('2026-11-20T15:00:00Z');
const ES = symbol('ES');
/** One event a second, whose price is the second. */
const SECONDS = 120;

const iso = (at: number) => new Date(at).toISOString();
const record = (second: number) =>
  quoteJson({
    symbol: 'ES',
    last: second,
    ts: iso(START + second * 1_000),
    updated_at: iso(START + second * 1_000),
    id: `${START + second * 1_000}-0`,
  });

const questions: ReplayQuestion[] = [];

/** As the server answers: the last event of each step that has one, each step ending at a multiple of its length. */
async function read(question: ReplayQuestion): Promise<ReplaySpan> {
  questions.push(question);
  const { start, end, stepMs, snapshot } = question;
  const frames: ReplayFrame[] = [];
  if (snapshot) {
    const before = Math.ceil((start - START) / 1_000) - 1;
    frames.push({ at: start, quotes: before >= 0 ? [record(Math.min(before, SECONDS))] : [], total: null });
  }
  for (let second = 0; second <= SECONDS; second += 1) {
    const at = START + second * 1_000;
    if (at < start || at >= end) continue;
    const through = serverTime((Math.floor(at / stepMs) + 1) * stepMs);
    if (frames.at(-1)?.at === through) frames.pop();
    frames.push({ at: through, quotes: [record(second)], total: null });
  }
  return { frames, until: end, preparing: null };
}

let scheduled: (() => void)[] = [];
let answer = read;

function player() {
  const made = createReplayPlayer({
    day: {
      date: '2026-11-20',
      start: serverTime(START - 3_600_000),
      end: serverTime(START + 3_600_000),
      first: serverTime(START),
      last: serverTime(START + SECONDS * 1_000),
      sessions: [],
    },
    instruments: decodeInstruments([instrumentJson('ES')]).items,
    read: (question) => answer(question),
    now: () => performance.now(),
    schedule: (work) => scheduled.push(work),
  });
  return made;
}

/** Lets the reader's time pass in frames of 20 ms. */
async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 20) {
    await vi.advanceTimersByTimeAsync(20);
    const due = scheduled;
    scheduled = [];
    for (const work of due) work();
  }
}

const last = (made: ReturnType<typeof player>) => made.dashboard.get().quotes.get(ES)?.last ?? null;

beforeEach(() => {
  vi.useFakeTimers();
  questions.length = 0;
  scheduled = [];
  answer = read;
});
afterEach(() => {
  vi.useRealTimers();
});

test('nothing is shown before the clock of the day is behind it', async () => {
  const made = player();
  await pass(40);
  expect(last(made)).toBeNull();
  made.play();
  await pass(2_500);
  // Seconds 0, 1 and 2 happened; the last of them less than a second ago.
  expect(last(made)).toBe(2);
  expect(made.dashboard.get().clock.now() - START).toBeGreaterThanOrEqual(2_400);
  expect(made.dashboard.get().clock.now() - START).toBeLessThan(3_000);
});

test('a pause stands still', async () => {
  const made = player();
  made.play();
  await pass(1_500);
  made.pause();
  const at = made.state.get().at;
  await pass(3_000);
  expect(made.state.get().at).toBe(at);
  expect(last(made)).toBe(1);
});

test('a jump back forgets what came later', async () => {
  const made = player();
  made.seek(serverTime(START + 60_500));
  await pass(40);
  expect(last(made)).toBe(60);
  made.seek(serverTime(START - 1_000));
  expect(last(made)).toBeNull();
  await pass(40);
  expect(last(made)).toBeNull();
  made.seek(serverTime(START + 10_000));
  await pass(40);
  // Not the event of that very instant: it has not happened yet.
  expect(last(made)).toBe(9);
});

test('a step goes on to the next event, however far it is', async () => {
  const made = player();
  made.seek(serverTime(START - 1_800_000));
  await pass(40);
  made.step();
  await pass(40);
  expect(last(made)).toBe(0);
  expect(made.state.get().at).toBe(START + 1);
  made.step();
  await pass(40);
  expect(last(made)).toBe(1);
  expect(made.state.get().playing).toBe(false);
});

test('the pace is kept, and a faster one reads more coarsely', async () => {
  const made = player();
  await pass(40);
  made.setSpeed('10');
  made.play();
  await pass(3_000);
  const gone = made.state.get().at - START;
  expect(gone).toBeGreaterThan(28_000);
  expect(gone).toBeLessThanOrEqual(30_000);
  expect(questions.at(-1)?.stepMs).toBe(500);
});

test('a slower pace reads again what was read too coarsely, and loses nothing', async () => {
  const made = player();
  made.setSpeed('300');
  made.play();
  await pass(60);
  made.setSpeed('1');
  const told = last(made) ?? -1;
  await pass(3_000);
  expect(questions.at(-1)?.stepMs).toBe(50);
  expect(last(made)).toBeGreaterThanOrEqual(told + 2);
  expect(last(made)).toBe(Math.floor((made.dashboard.get().clock.now() - START - 1) / 1_000));
});

test('as fast as it goes, the day ends with its last tick', async () => {
  const made = player();
  made.setSpeed('max');
  made.play();
  await pass(400);
  expect(last(made)).toBe(SECONDS);
  expect(made.state.get()).toMatchObject({ ended: true, playing: false });
});

test('the tape has every event of a symbol that is watched, each once', async () => {
  const made = player();
  const told: (number | null)[] = [];
  made.dashboard.get().watch(ES, (quotes) => told.push(...quotes.map((quote) => quote.last)));
  await pass(40);
  made.setSpeed('5');
  made.play();
  await pass(4_000);
  expect(questions.at(-1)?.every).toEqual(['ES']);
  expect(told.length).toBeGreaterThan(15);
  expect(told).toEqual(told.map((_, second) => second));
});

test('an answer that fails is asked for again, and said', async () => {
  answer = async () => {
    throw new TypeError('away');
  };
  const made = player();
  await pass(40);
  expect(made.state.get().fault).toBe('away');
  answer = read;
  await pass(3_100);
  expect(made.state.get()).toMatchObject({ fault: null, waiting: false });
});

test('while the server is on its way it is asked again, and how far it is is said', async () => {
  let asked = 0;
  answer = async (question) => {
    asked += 1;
    return asked === 1 ? { frames: [], until: question.start, preparing: 0.25 } : read(question);
  };
  const made = player();
  const seen: (number | null)[] = [];
  made.state.subscribe(() => seen.push(made.state.get().preparing));
  await pass(40);
  expect(seen).toContain(0.25);
  expect(made.state.get()).toMatchObject({ preparing: null, waiting: false });
});
