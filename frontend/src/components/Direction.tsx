// The arrow beside a signed value. The sign itself is in the value's text, so the arrow is for the eye only.

import styles from './Direction.module.css';

export type DirectionOf = 'up' | 'down' | 'flat';

export function directionOf(value: number | null): DirectionOf {
  if (value === null || value === 0) return 'flat';
  return value > 0 ? 'up' : 'down';
}

const ARROWS: Readonly<Record<DirectionOf, string>> = { up: '▲', down: '▼', flat: '' };

export function Arrow({ direction }: { readonly direction: DirectionOf }) {
  return (
    <span aria-hidden="true" className={styles['arrow']}>
      {ARROWS[direction]}
    </span>
  );
}
