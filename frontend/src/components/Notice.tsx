// A page's only content when it has nothing else to show: loading, empty, missing, broken.

import type { ReactNode } from 'react';
import styles from './Notice.module.css';
import { useArrival } from './useArrival.ts';

interface NoticeProps {
  readonly title: string;
  readonly busy?: boolean;
  readonly children?: ReactNode;
}

export function Notice({ title, busy = false, children }: NoticeProps) {
  const held = useArrival<HTMLElement>();
  return (
    <main ref={held} className={styles['notice']} aria-busy={busy} id="content" tabIndex={-1}>
      <h1 className={styles['title']}>{title}</h1>
      {children !== undefined && <div className={styles['text']}>{children}</div>}
    </main>
  );
}
