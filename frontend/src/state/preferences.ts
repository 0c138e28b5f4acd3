// How the reader wants the dashboard to look and speak. public/theme.js applies what must be right before the first paint.

import type { ZoneChoice } from '../domain/zone.ts';
import { ZONE_CHOICES } from '../domain/zone.ts';
import type { Cell } from './cell.ts';
import type { Memory } from './remembered.ts';
import { createRemembered } from './remembered.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Which colours mean up and down: the first is far apart for colour-blind readers, too. */
export const COLOURS = ['blue-orange', 'green-red', 'red-green', 'red-blue'] as const;
export type Colours = (typeof COLOURS)[number];

export const DENSITIES = ['compact', 'normal', 'roomy'] as const;
export type Density = (typeof DENSITIES)[number];

export interface Preferences {
  readonly theme: Theme;
  readonly colours: Colours;
  readonly density: Density;
  readonly zone: ZoneChoice;
  /** Whether a price that moves is washed with colour. */
  readonly flash: boolean;
  /** Whether an alert is heard. */
  readonly sounds: boolean;
}

const PAPER = { light: '#f4f5f7', dark: '#0b0e13' } as const;

function oneOf<Choice extends string>(choices: readonly Choice[], value: unknown, fallback: Choice): Choice {
  return choices.find((choice) => choice === value) ?? fallback;
}

export function decodePreferences(stored: unknown): Preferences {
  const from: Readonly<Record<string, unknown>> =
    typeof stored === 'object' && stored !== null ? { ...stored } : {};
  return {
    theme: oneOf(THEMES, from['theme'], 'system'),
    colours: oneOf(COLOURS, from['colours'], 'blue-orange'),
    density: oneOf(DENSITIES, from['density'], 'normal'),
    zone: oneOf(ZONE_CHOICES, from['zone'], 'local'),
    flash: from['flash'] !== false,
    sounds: from['sounds'] === true,
  };
}

function apply(page: Document, { theme, colours, density }: Preferences): void {
  const { dataset } = page.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
  dataset['colours'] = colours;
  dataset['density'] = density;
  for (const meta of page.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = PAPER[theme === 'system' ? own : theme];
  }
}

/** The preferences of this browser, applied to the page whenever they change. */
export function createPreferences(page: Document, memory: Memory): Cell<Preferences> {
  const cell = createRemembered(memory, 'thor.preferences', decodePreferences);
  apply(page, cell.get());
  cell.subscribe(() => apply(page, cell.get()));
  return cell;
}
