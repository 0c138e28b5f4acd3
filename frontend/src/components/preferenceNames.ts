// The words for the reader's choices, for the settings page and the palette alike.

import type { ZoneChoice } from '../domain/zone.ts';
import type { Colours, Density, Theme } from '../state/preferences.ts';

export const THEME_NAMES: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
};

export const COLOUR_NAMES: Readonly<Record<Colours, string>> = {
  'blue-orange': 'Blue up, orange down',
  'green-red': 'Green up, red down',
  'red-green': 'Red up, green down',
  'red-blue': 'Red up, blue down',
};

export const DENSITY_NAMES: Readonly<Record<Density, string>> = {
  compact: 'Compact',
  normal: 'Normal',
  roomy: 'Roomy',
};

export const ZONE_NAMES: Readonly<Record<ZoneChoice, string>> = {
  exchange: 'Exchange',
  local: 'Local',
  utc: 'UTC',
};
