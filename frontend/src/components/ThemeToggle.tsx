// One button that goes round the themes: system, light, dark.

import type { Cell } from '../state/cell.ts';
import { useReadable } from '../state/react.ts';
import type { Theme } from '../state/theme.ts';
import { THEMES } from '../state/theme.ts';
import styles from './ThemeToggle.module.css';

const ICONS: Readonly<Record<Theme, string>> = {
  system: 'M4 5h16v11H4zM9 20h6M12 16v4',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5',
};

export function ThemeToggle({ theme }: { readonly theme: Cell<Theme> }) {
  const current = useReadable(theme);
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system';
  const label = `Theme: ${current}. Switch to ${next}.`;
  return (
    <button
      type="button"
      className={styles['toggle']}
      aria-label={label}
      title={label}
      onClick={() => theme.set(next)}
    >
      <svg aria-hidden="true" viewBox="0 0 24 24" className={styles['icon']}>
        <path d={ICONS[current]} />
      </svg>
    </button>
  );
}
