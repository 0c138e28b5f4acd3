// What the palette can do, and which of it the typed letters mean.

import type { IconName } from '../components/Icon.tsx';

export interface Command {
  readonly key: string;
  readonly title: string;
  /** One or two quiet words beside the title. */
  readonly about: string;
  readonly icon: IconName;
  /** An address to go to; otherwise `run` is called. */
  readonly to?: string;
  run?(): void;
}

const MOST = 50;

/** How well a command fits: higher is better, 0 not at all. */
function suitability({ title, about }: Command, wanted: string): number {
  const name = title.toLowerCase();
  if (name === wanted) return 5;
  if (name.startsWith(wanted)) return 4;
  if (name.split(/[\s:,-]+/).some((word) => word.startsWith(wanted))) return 3;
  if (name.includes(wanted)) return 2;
  return `${name} ${about.toLowerCase()}`.includes(wanted) ? 1 : 0;
}

/** The commands that fit, the best first, those that fit alike in their own order. */
export function matchCommands(commands: readonly Command[], text: string): readonly Command[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return commands.slice(0, MOST);
  return commands
    .map((command) => ({ command, score: suitability(command, wanted) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ command }) => command);
}
