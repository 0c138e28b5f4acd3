// The live page on a phone or tablet: one card an instrument, the price at the right, everything else in two quieter lines.

import { memo } from 'react';
import { Arrow, directionOf } from '../../components/Direction.tsx';
import { NOTHING, Price, PriceWithSize } from '../../components/Price.tsx';
import { SignalChip } from '../../components/SignalChip.tsx';
import { SourceBadge } from '../../components/SourceBadge.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import styles from './QuoteCards.module.css';
import { useRow } from './useRow.ts';

interface QuoteCardProps {
  readonly instrument: Instrument;
  readonly outdated: boolean;
}

const QuoteCard = memo(function QuoteCard({ instrument, outdated }: QuoteCardProps) {
  const row = useRow(instrument, outdated);
  const title = (
    <h2 className={styles['title']}>
      <span className={styles['ticker']}>{instrument.symbol}</span>
      <span className={styles['name']}>{instrument.name}</span>
    </h2>
  );
  if (row === null) {
    return (
      <li className={styles['card']} data-empty="true">
        <div className={styles['top']}>
          {title}
          <Price text={null} value={null} size="large" />
        </div>
        <div className={styles['line']}>no quote yet</div>
      </li>
    );
  }
  const { quote, age, stale, old, marks } = row;
  const { display } = quote;
  const direction = directionOf(quote.change);
  return (
    <li className={styles['card']} data-old={old} data-stale={stale}>
      <div className={styles['top']}>
        {title}
        <span className={styles['age']}>
          <span className="only-heard">age </span>
          {age}
        </span>
        <Price text={display.last} value={quote.last} size="large" />
      </div>
      <div className={styles['line']}>
        <span className={styles['about']}>
          <SignalChip
            signal={quote.signal}
            statValue={quote.statValue}
            signalWeight={quote.signalWeight}
            muted={old}
          />
          <SourceBadge source={quote.activeSource} marks={marks} />
        </span>
        <span className={styles['change']} data-direction={direction}>
          <Arrow direction={direction} />
          {display.change ?? NOTHING}
          <span className={styles['percent']}>
            {display.changePercent === null ? NOTHING : `${display.changePercent}%`}
          </span>
        </span>
      </div>
      <div className={styles['book']}>
        <span>
          <span className={styles['label']}>Bid</span>
          <PriceWithSize text={display.bid} value={quote.bid} quantity={quote.bidSize} />
        </span>
        <span>
          <span className={styles['label']}>Ask</span>
          <PriceWithSize text={display.ask} value={quote.ask} quantity={quote.askSize} />
        </span>
      </div>
    </li>
  );
});

interface QuoteCardsProps {
  readonly instruments: readonly Instrument[];
  /** The values are from before an outage. */
  readonly outdated: boolean;
}

export function QuoteCards({ instruments, outdated }: QuoteCardsProps) {
  return (
    <ul className={styles['cards']} aria-label="Live futures quotes, in fixed order">
      {instruments.map((instrument) => (
        <QuoteCard key={instrument.symbol} instrument={instrument} outdated={outdated} />
      ))}
    </ul>
  );
}
