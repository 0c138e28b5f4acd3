// The trading signal of a row. Strong and normal differ in shape (filled or outlined) and in the number of arrows, not only in colour.

import { memo } from 'react';
import type { Quote, Signal } from '../domain/quote.ts';
import { NOTHING } from './Price.tsx';
import styles from './SignalChip.module.css';

const WORDS: Readonly<
  Record<Signal, { readonly arrows: string; readonly text: string; readonly look: string }>
> = {
  STRONG_BUY: { arrows: '▲▲', text: 'Strong buy', look: 'strongBuy' },
  BUY: { arrows: '▲', text: 'Buy', look: 'buy' },
  HOLD: { arrows: '', text: 'Hold', look: 'hold' },
  SELL: { arrows: '▼', text: 'Sell', look: 'sell' },
  STRONG_SELL: { arrows: '▼▼', text: 'Strong sell', look: 'strongSell' },
};

interface SignalChipProps extends Pick<Quote, 'signal' | 'statValue' | 'signalWeight'> {
  /** The price under the signal is old: the signal stays readable and stops calling. */
  readonly muted: boolean;
  readonly size?: 'normal' | 'large';
}

export const SignalChip = memo(function SignalChip({
  signal,
  statValue,
  signalWeight,
  muted,
  size = 'normal',
}: SignalChipProps) {
  if (signal === null) {
    return (
      <span className={styles['none']}>
        {NOTHING}
        <span className="only-heard"> no signal</span>
      </span>
    );
  }
  const { arrows, text, look } = WORDS[signal];
  const why = [
    ...(statValue === null ? [] : [`threshold ${statValue}`]),
    ...(signalWeight === null ? [] : [`signal weight ${signalWeight}`]),
  ].join(', ');
  return (
    <span className={`${styles['chip']} ${styles[muted ? 'muted' : look]}`} data-size={size} title={why}>
      {arrows !== '' && (
        <span aria-hidden="true" className={styles['arrows']}>
          {arrows}
        </span>
      )}
      {text}
    </span>
  );
});
