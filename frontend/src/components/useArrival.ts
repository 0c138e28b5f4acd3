// After a change of page, the focus is at the page's beginning: whoever listens hears where they are.

import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';
import { useLocation } from 'react-router';

/** The key that the router gives the first address of all. */
const FIRST = 'default';

/** The returned ref belongs on the element that holds the page. */
export function useArrival<Held extends HTMLElement>(): RefObject<Held | null> {
  const held = useRef<Held>(null);
  const { key } = useLocation();
  const arrivedBy = useRef(key);
  useEffect(() => {
    if (arrivedBy.current === FIRST) return;
    held.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return held;
}
