// The day's change in points and in percent, with its arrow.

import type { Quote } from '../domain/quote.ts';
import styles from './Change.module.css';
import { Arrow, directionOf } from './Direction.tsx';
import { NOTHING } from './Price.tsx';

export function Change({ quote }: { readonly quote: Quote }) {
  const direction = directionOf(quote.change);
  const { change, changePercent } = quote.display;
  return (
    <span className={styles['change']} data-direction={direction}>
      <Arrow direction={direction} />
      {change ?? NOTHING}
      <span className={styles['percent']}>{changePercent === null ? NOTHING : `${changePercent}%`}</span>
    </span>
  );
}
