// Every page there is: one row each. The router, the navigation and the palette are made from this list and nothing else.

import type { ComponentType } from 'react';
import { lazy } from 'react';
import { BACKTESTS_PATH, COMPARE_PATH, RUN_PATH, SWEEP_PATH, SYMBOL_PATH } from '../components/addresses.ts';
import type { IconName } from '../components/Icon.tsx';
import { LivePage } from '../pages/live/LivePage.tsx';

export interface PageEntry {
  /** The router's pattern, such as `/symbol/:symbol`. */
  readonly path: string;
  readonly title: string;
  readonly icon: IconName;
  /** Where the navigation names it; `nowhere` for pages that are reached from others. */
  readonly place: 'top' | 'foot' | 'nowhere';
  /** Whether the bar of a phone has room for it; the others are under More. */
  readonly onPhone: boolean;
  readonly draw: ComponentType;
}

/** Fetched when it is first visited: only the first page belongs to the first load. */
function later(load: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => ({ default: await load() }));
}

export const PAGES: readonly PageEntry[] = [
  { path: '/', title: 'Live', icon: 'live', place: 'top', onPhone: true, draw: LivePage },
  {
    path: SYMBOL_PATH,
    title: 'Symbol',
    icon: 'symbol',
    place: 'nowhere',
    onPhone: false,
    draw: later(async () => (await import('../pages/symbol/SymbolPage.tsx')).SymbolPage),
  },
  {
    path: '/clock',
    title: 'Clock',
    icon: 'clock',
    place: 'top',
    onPhone: true,
    draw: later(async () => (await import('../pages/clock/ClockPage.tsx')).ClockPage),
  },
  {
    path: '/history',
    title: 'History',
    icon: 'history',
    place: 'top',
    onPhone: false,
    draw: later(async () => (await import('../pages/history/HistoryPage.tsx')).HistoryPage),
  },
  {
    path: BACKTESTS_PATH,
    title: 'Backtests',
    icon: 'backtest',
    place: 'top',
    onPhone: false,
    draw: later(async () => (await import('../pages/backtests/BacktestsPage.tsx')).BacktestsPage),
  },
  {
    path: RUN_PATH,
    title: 'Run',
    icon: 'backtest',
    place: 'nowhere',
    onPhone: false,
    draw: later(async () => (await import('../pages/backtests/RunPage.tsx')).RunPage),
  },
  {
    path: SWEEP_PATH,
    title: 'Sweep',
    icon: 'backtest',
    place: 'nowhere',
    onPhone: false,
    draw: later(async () => (await import('../pages/backtests/SweepPage.tsx')).SweepPage),
  },
  {
    path: COMPARE_PATH,
    title: 'Compare',
    icon: 'backtest',
    place: 'nowhere',
    onPhone: false,
    draw: later(async () => (await import('../pages/backtests/ComparePage.tsx')).ComparePage),
  },
  {
    path: '/health',
    title: 'Health',
    icon: 'health',
    place: 'top',
    onPhone: true,
    draw: later(async () => (await import('../pages/health/HealthPage.tsx')).HealthPage),
  },
  {
    path: '/settings',
    title: 'Settings',
    icon: 'settings',
    place: 'foot',
    onPhone: true,
    draw: later(async () => (await import('../pages/settings/SettingsPage.tsx')).SettingsPage),
  },
];
