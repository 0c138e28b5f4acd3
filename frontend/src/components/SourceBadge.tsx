// Which source a price comes from, and the marks a reader must see before believing it.

import { memo } from 'react';
import type { SourceName } from '../domain/nominal.ts';
import type { Mark } from '../domain/quote.ts';
import styles from './SourceBadge.module.css';

const MEANINGS: Readonly<Record<Mark, string>> = {
  MOCK: 'Made-up prices',
  REPLAY: 'Recorded earlier and played back',
  DELAYED: 'The source delivers this late',
  STALE: 'Nothing new for longer than this symbol should be silent',
};

interface SourceBadgeProps {
  readonly source: SourceName;
  readonly marks: readonly Mark[];
}

export const SourceBadge = memo(function SourceBadge({ source, marks }: SourceBadgeProps) {
  // A source called MOCK says by its name what the mark says; one of the two is enough.
  const named = marks.find((mark) => mark === (source as string));
  return (
    <span className={styles['badges']}>
      <span
        className={`${styles['badge']} ${named === undefined ? '' : styles[named]}`}
        title="Active source"
      >
        {source}
      </span>
      {marks
        .filter((mark) => mark !== named)
        .map((mark) => (
          <span key={mark} className={`${styles['badge']} ${styles[mark]}`} title={MEANINGS[mark]}>
            {mark}
          </span>
        ))}
    </span>
  );
});
