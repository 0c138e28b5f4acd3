// The values of one bar in the corner of its chart.

import type { Bar } from '../../domain/indicators.ts';
import type { PriceDisplay } from '../../domain/priceAxis.ts';
import { axisText } from '../../domain/priceAxis.ts';
import styles from './chart.module.css';

const COUNT = new Intl.NumberFormat('en-US');

interface BarLegendProps {
  readonly bar: Bar;
  readonly display: PriceDisplay;
  /** When the bar begins. */
  readonly text: string;
}

export function BarLegend({ bar, display, text }: BarLegendProps) {
  const price = (value: number) => axisText(value, display);
  return (
    <p className={styles['legend']} data-direction={bar.close >= bar.open ? 'up' : 'down'}>
      <span className={styles['when']}>{text}</span>
      {(['open', 'high', 'low', 'close'] as const).map((name) => (
        <span key={name}>
          <span className={styles['letter']}>{name.charAt(0).toUpperCase()}</span> {price(bar[name])}
        </span>
      ))}
      <span>
        <span className={styles['letter']}>V</span> {COUNT.format(bar.volume)}
      </span>
    </p>
  );
}
