// What a page must say before anything else, in the header, where it stays in sight however far the page is scrolled.

import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';

/** The header's place for it. */
export const PAGE_BANNER = 'page-banner';

export function PageBanner({ children }: { readonly children: ReactNode }) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useEffect(() => setPlace(document.getElementById(PAGE_BANNER)), []);
  return place === null ? children : createPortal(children, place);
}
