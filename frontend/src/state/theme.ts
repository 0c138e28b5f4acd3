// The reader's choice of theme: the system's, light or dark. public/theme.js applies it before the first paint.

import type { Cell } from './cell.ts';
import { createCell } from './cell.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'thor.theme';
const PAPER = { light: '#f4f5f7', dark: '#0e1116' } as const;

function remembered(storage: Storage): Theme {
  try {
    return THEMES.find((theme) => theme === storage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

function remember(storage: Storage, theme: Theme): void {
  try {
    if (theme === 'system') storage.removeItem(KEY);
    else storage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function apply(page: Document, theme: Theme): void {
  if (theme === 'system') delete page.documentElement.dataset['theme'];
  else page.documentElement.dataset['theme'] = theme;
  for (const meta of page.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = PAPER[theme === 'system' ? own : theme];
  }
}

export function createThemeCell(page: Document, storage: Storage): Cell<Theme> {
  const cell = createCell<Theme>(remembered(storage));
  apply(page, cell.get());
  return {
    ...cell,
    set(theme) {
      cell.set(theme);
      remember(storage, theme);
      apply(page, theme);
    },
  };
}
