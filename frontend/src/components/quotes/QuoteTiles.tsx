// The live page as tiles: one an instrument, the price first, everything else in quieter lines. What a phone shows.

import { memo, useContext } from 'react';
import { Link } from 'react-router';
import type { Instrument } from '../../domain/instrument.ts';
import { isMock } from '../../domain/staleness.ts';
import { SymbolAddress } from '../addresses.ts';
import { Change } from '../Change.tsx';
import { NOTHING, Price, PriceWithSize } from '../Price.tsx';
import { RangeBar } from '../RangeBar.tsx';
import { SignalChip } from '../SignalChip.tsx';
import { SourceBadge } from '../SourceBadge.tsx';
import { Trend } from '../Trend.tsx';
import type { Row } from '../useRow.ts';
import { useRow } from '../useRow.ts';
import styles from './QuoteTiles.module.css';

interface QuoteTileProps {
  readonly instrument: Instrument;
  readonly outdated: boolean;
}

const QuoteTile = memo(function QuoteTile({ instrument, outdated }: QuoteTileProps) {
  const row = useRow(instrument, outdated);
  const addressOf = useContext(SymbolAddress);
  return (
    <li
      className={styles['tile']}
      data-old={row?.old ?? false}
      data-stale={row?.stale ?? false}
      data-empty={row === null}
      data-symbol={instrument.symbol}
    >
      <div className={styles['top']}>
        <h2 className={styles['title']}>
          <Link to={addressOf(instrument.symbol)} className={styles['link'] ?? ''}>
            <span className={styles['ticker']}>{instrument.symbol}</span>
            <span className={styles['name']}>{instrument.name}</span>
          </Link>
        </h2>
        <Price text={row?.quote.display.last ?? null} value={row?.quote.last ?? null} size="large" />
      </div>
      {row === null ? <p className={styles['line']}>no quote yet</p> : <Lines row={row} />}
    </li>
  );
});

const COUNT = new Intl.NumberFormat('en-US');

function Lines({ row: { quote, age, old, marks } }: { readonly row: Row }) {
  const { display } = quote;
  return (
    <>
      <div className={styles['line']}>
        <SignalChip
          signal={quote.signal}
          statValue={quote.statValue}
          signalWeight={quote.signalWeight}
          muted={old}
        />
        <Change quote={quote} />
      </div>
      <div className={styles['line']}>
        <span>
          <span className={styles['label']}>Bid</span>
          <PriceWithSize text={display.bid} value={quote.bid} quantity={quote.bidSize} />
        </span>
        <span>
          <span className={styles['label']}>Ask</span>
          <PriceWithSize text={display.ask} value={quote.ask} quantity={quote.askSize} />
        </span>
      </div>
      <RangeBar
        last={quote.last}
        open={quote.open}
        low={quote.low}
        high={quote.high}
        lowText={display.low}
        highText={display.high}
        withEnds
      />
      <div className={styles['more']}>
        <Trend symbol={quote.symbol} mock={isMock(quote)} />
        <span className={styles['fact']}>
          <span className={styles['label']}>Vol</span>
          {quote.volume === null ? NOTHING : COUNT.format(quote.volume)}
        </span>
        <span className={styles['fact']}>
          <span className={styles['label']}>VWAP</span>
          {display.vwap ?? NOTHING}
        </span>
      </div>
      <div className={styles['line']}>
        <SourceBadge source={quote.activeSource} marks={marks} />
        <span className={styles['age']}>
          <span className="only-heard">age </span>
          {age}
        </span>
      </div>
    </>
  );
}

interface QuoteTilesProps {
  readonly instruments: readonly Instrument[];
  /** The values are from before an outage. */
  readonly outdated: boolean;
}

export function QuoteTiles({ instruments, outdated }: QuoteTilesProps) {
  return (
    <ul className={styles['tiles']} aria-label="Live quotes">
      {instruments.map((instrument) => (
        <QuoteTile key={instrument.symbol} instrument={instrument} outdated={outdated} />
      ))}
    </ul>
  );
}
