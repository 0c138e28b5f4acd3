// One price: the server's own text, an em dash for none, and a wash of colour when it moves.

import { memo } from 'react';
import type { PriceText } from '../domain/nominal.ts';
import styles from './Price.module.css';
import { useFlash } from './useFlash.ts';

export const NOTHING = '—';

interface PriceProps {
  readonly text: PriceText | null;
  /** The same price as a number, to see which way it moved. */
  readonly value: number | null;
  readonly size?: 'large' | 'normal';
}

export const Price = memo(function Price({ text, value, size = 'normal' }: PriceProps) {
  const shown = useFlash<HTMLSpanElement>(value);
  return (
    <span ref={shown} className={`${styles['price']} ${styles[text === null ? 'nothing' : size]}`}>
      {text ?? NOTHING}
    </span>
  );
});

interface PriceWithSizeProps extends PriceProps {
  readonly quantity: number | null;
}

const QUANTITY = new Intl.NumberFormat('en-US');

/** A bid or an ask with the number of contracts behind it: `6791.25 × 14`. */
export const PriceWithSize = memo(function PriceWithSize({ text, value, quantity }: PriceWithSizeProps) {
  return (
    <span className={styles['withSize']}>
      <Price text={text} value={value} />
      <span className={styles['quantity']}>
        <span aria-hidden="true">×</span>
        <span className="only-heard"> size </span>
        <span className={styles['count']}>{quantity === null ? NOTHING : QUANTITY.format(quantity)}</span>
      </span>
    </span>
  );
});
