// Which clock an instant is told by: the exchange's, the reader's or UTC. The zone is always named beside the time.

import type { ServerTime } from './nominal.ts';

export const ZONE_CHOICES = ['exchange', 'local', 'utc'] as const;
export type ZoneChoice = (typeof ZONE_CHOICES)[number];

/** The IANA name for a choice. An exchange that is not known yet is told in UTC rather than in a zone that is not its own. */
export function zoneName(choice: ZoneChoice, exchangeZone: string | null): string {
  if (choice === 'local') return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return choice === 'exchange' && exchangeZone !== null ? exchangeZone : 'UTC';
}

const SHAPES = {
  /** `14:03:22` */
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  /** `14:03` */
  minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  /** `Nov 24` */
  day: { month: 'short', day: 'numeric' },
  /** `Tue, Nov 24, 2026` */
  date: { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric' },
  /** `Nov 24, 14:03:22` */
  moment: {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  },
  /** `14:03:22 CST` */
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZoneName: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type TimeShape = keyof typeof SHAPES;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string, shape: TimeShape): Intl.DateTimeFormat {
  const key = `${zone} ${shape}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', { ...SHAPES[shape], timeZone: zone });
  formats.set(key, made);
  return made;
}

/** An instant in a zone. */
export function formatInstant(instant: ServerTime, zone: string, shape: TimeShape): string {
  return formatOf(zone, shape).format(instant);
}

/** The zone's own short name at an instant: `CST`, `GMT+1`, `UTC`. */
export function zoneLabel(instant: ServerTime, zone: string): string {
  const parts = formatOf(zone, 'clock').formatToParts(instant);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}
