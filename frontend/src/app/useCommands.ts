// Every command there is now: the pages, the symbols, and the switches of the preferences.

import { useMemo } from 'react';
import { SYMBOL_PATH, symbolAddress } from '../components/addresses.ts';
import { COLOUR_NAMES, DENSITY_NAMES, THEME_NAMES, ZONE_NAMES } from '../components/preferenceNames.ts';
import { ZONE_CHOICES } from '../domain/zone.ts';
import { COLOURS, DENSITIES, THEMES } from '../state/preferences.ts';
import { useDashboard, usePreferences, useReadable } from '../state/react.ts';
import type { Command } from './commands.ts';
import { PAGES } from './pages.tsx';

export function useCommands(): readonly Command[] {
  const instruments = useReadable(useDashboard().instruments);
  const [, change] = usePreferences();
  return useMemo(() => {
    const pages = PAGES.filter(({ place }) => place !== 'nowhere').map(
      ({ path, title, icon }): Command => ({ key: `page ${path}`, title, about: 'page', icon, to: path }),
    );
    const hasSymbolPage = PAGES.some(({ path }) => path === SYMBOL_PATH);
    const symbols = (hasSymbolPage ? (instruments ?? []) : []).map(
      ({ symbol, name }): Command => ({
        key: `symbol ${symbol}`,
        title: symbol,
        about: name,
        icon: 'symbol',
        to: symbolAddress(symbol),
      }),
    );
    const switches = [
      ...THEMES.map((theme) => ({ title: `Theme: ${THEME_NAMES[theme]}`, change: { theme } })),
      ...COLOURS.map((colours) => ({ title: `Colours: ${COLOUR_NAMES[colours]}`, change: { colours } })),
      ...DENSITIES.map((density) => ({ title: `Density: ${DENSITY_NAMES[density]}`, change: { density } })),
      ...ZONE_CHOICES.map((zone) => ({ title: `Times: ${ZONE_NAMES[zone]}`, change: { zone } })),
    ].map(
      ({ title, change: changes }): Command => ({
        key: title,
        title,
        about: 'setting',
        icon: 'settings',
        run: () => change(changes),
      }),
    );
    return [...pages, ...symbols, ...switches];
  }, [instruments, change]);
}
