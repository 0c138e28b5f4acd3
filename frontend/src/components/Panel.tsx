// A titled part of a page on its own ground.

import type { ReactNode } from 'react';
import { useId } from 'react';
import styles from './Panel.module.css';

interface PanelProps {
  readonly title: string;
  /** One quiet line beside the title. */
  readonly about?: ReactNode;
  readonly tools?: ReactNode;
  /** Content up to the panel's edges, as tables and charts want it. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

export function Panel({ title, about, tools, flush = false, children }: PanelProps) {
  const heading = useId();
  return (
    <section className={styles['panel']} aria-labelledby={heading}>
      <div className={styles['head']}>
        <h2 id={heading} className={styles['title']}>
          {title}
        </h2>
        {about !== undefined && <div className={styles['about']}>{about}</div>}
        {tools !== undefined && <div className={styles['tools']}>{tools}</div>}
      </div>
      <div className={flush ? styles['flush'] : styles['content']}>{children}</div>
    </section>
  );
}
