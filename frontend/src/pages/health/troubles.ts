// What needs a look, out of everything that the server tells of itself. Pure.

import type { Shape } from '../../services/api/client.ts';

export type Health = Shape<'HealthRecord'>;
export type Process = Shape<'ProcessRecord'>;
type Provider = Shape<'ProviderRecord'>;
type Trigger = Shape<'TriggerRecord'>;

export interface Trouble {
  readonly what: string;
  readonly why: string;
}

/** Silent for longer than this, a process is no longer believed to live. */
export const SILENT_MS = 10_000;
/** Entries that a reader may be behind before it is told. */
export const MOST_LAG = 1_000;

const WELL = new Set([
  ...['serving', 'merging', 'ingesting', 'running', 'recording', 'working', 'standby', 'resting'],
  ...['streaming', 'alive', 'idle', 'finished', 'stopped'],
]);
const WELL_PROVIDERS = new Set(['live', 'finished', 'standby', 'resting', 'stopped']);

export function isWell(process: Process): boolean {
  return WELL.has(process.state) && process.problem === null && (process.age_ms ?? 0) <= SILENT_MS;
}

export function isWellProvider({ status, problem }: Provider): boolean {
  return WELL_PROVIDERS.has(status) && problem === null;
}

export function troublesOf(
  health: Health,
  providers: readonly Provider[],
  triggers: readonly Trigger[],
): readonly Trouble[] {
  const stale = health.symbols.filter(({ state }) => state === 'stale').map(({ symbol }) => symbol);
  return [
    ...Object.entries(health.faults).map(([what, why]) => ({ what: `${what} is away`, why })),
    ...health.processes
      // What a source's own process says is said of the source.
      .filter((process) => !isWell(process) && !/^(collector|source):/.test(process.name))
      .map(({ name, state, problem }) => ({ what: name, why: problem ?? state })),
    ...providers
      .filter((provider) => !isWellProvider(provider))
      .map(({ source, status, problem }) => ({ what: source, why: problem ?? status.replaceAll('_', ' ') })),
    ...health.streams.flatMap(({ name, groups }) =>
      groups
        .filter(({ lag }) => (lag ?? 0) > MOST_LAG)
        .map((group) => ({ what: `${group.name} of ${name}`, why: `${group.lag} entries behind` })),
    ),
    ...(stale.length === 0 ? [] : [{ what: 'Stale while the market is open', why: stale.join(', ') }]),
    ...triggers
      .filter(({ last_run }) => last_run !== null && ['failed', 'missed'].includes(last_run.state))
      .map(({ name, last_run }) => ({ what: `Trigger ${name}`, why: last_run?.state ?? '' })),
  ];
}

/** By name, how much a counter grew a second between two answers; nothing for what was not in both. */
export function ratesOf(
  now: Health | undefined,
  before: Health | undefined,
  counts: (health: Health) => ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  if (now === undefined || before === undefined) return new Map();
  const seconds = (Date.parse(now.now) - Date.parse(before.now)) / 1_000;
  if (!(seconds > 0)) return new Map();
  const former = counts(before);
  return new Map(
    [...counts(now)].flatMap(([name, count]) => {
      const earlier = former.get(name);
      // A counter that went back belongs to a process that began anew.
      return earlier === undefined || count < earlier ? [] : [[name, (count - earlier) / seconds] as const];
    }),
  );
}
