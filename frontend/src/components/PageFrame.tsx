// The frame of every page: its title in the tab and above the content, and room for its tools beside the title.

import type { ReactNode } from 'react';
import { useOutage } from '../state/react.ts';
import styles from './PageFrame.module.css';
import { useArrival } from './useArrival.ts';

interface PageFrameProps {
  readonly title: string;
  /** One quiet line beside the title. */
  readonly about?: ReactNode;
  /** Buttons and choices at the right of the title. */
  readonly tools?: ReactNode;
  /** Whether a lost feed makes this page's values old: its tab then says so. */
  readonly isLive?: boolean;
  readonly children: ReactNode;
}

export function PageFrame({ title, about, tools, isLive = false, children }: PageFrameProps) {
  const outage = useOutage();
  const held = useArrival<HTMLElement>();
  return (
    <main ref={held} className={styles['page']} id="content" tabIndex={-1}>
      <title>{isLive && outage !== null ? 'Not live · Thor' : `${title} · Thor`}</title>
      <div className={styles['head']}>
        <h1 className={styles['title']}>{title}</h1>
        {about !== undefined && <div className={styles['about']}>{about}</div>}
        {tools !== undefined && <div className={styles['tools']}>{tools}</div>}
      </div>
      {children}
    </main>
  );
}
