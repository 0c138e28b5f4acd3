// A short wash of colour behind a value that has moved. Never more than three a second in one place (the limit of WCAG 2.3.1),
// and none for readers who asked for less motion.

import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';
import { usePreferences } from '../state/react.ts';

const SHORTEST_GAP_MS = 1_000 / 3;
const LASTS_MS = 320;
/** So many washes may be on the page at once: where everything moves, washing all of it tells nothing and costs much. */
const MOST_AT_ONCE = 36;

const running = new Set<Animation>();

function wantsLessMotion(): boolean {
  return typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** The returned ref belongs on the element that shows `value`. */
export function useFlash<Shown extends HTMLElement>(value: number | null): RefObject<Shown | null> {
  const shown = useRef<Shown>(null);
  const previous = useRef<number | null>(null);
  const [{ flash: wanted }] = usePreferences();
  const flashedAt = useRef(Number.NEGATIVE_INFINITY);

  useEffect(() => {
    const before = previous.current;
    previous.current = value;
    if (before === null || value === null || value === before) return;
    const now = performance.now();
    if (now - flashedAt.current < SHORTEST_GAP_MS || running.size >= MOST_AT_ONCE) return;
    if (!wanted || wantsLessMotion()) return;
    flashedAt.current = now;
    const wash = value > before ? 'var(--up-wash)' : 'var(--down-wash)';
    const animation = shown.current?.animate?.(
      [{ backgroundColor: wash }, { backgroundColor: 'transparent' }],
      {
        duration: LASTS_MS,
        easing: 'ease-in',
      },
    );
    if (!(animation instanceof Object) || !('finished' in animation)) return;
    running.add(animation);
    const over = () => running.delete(animation);
    animation.finished.then(over, over);
  }, [value, wanted]);

  return shown;
}
