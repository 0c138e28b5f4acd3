// The symbol's quote in one strip: price, change, signal, book, ranges, source and age.

import { Change } from '../../components/Change.tsx';
import { NOTHING, Price, PriceWithSize } from '../../components/Price.tsx';
import { RangeBar } from '../../components/RangeBar.tsx';
import { SignalChip } from '../../components/SignalChip.tsx';
import { SourceBadge } from '../../components/SourceBadge.tsx';
import { useRow } from '../../components/useRow.ts';
import type { Instrument } from '../../domain/instrument.ts';
import type { PriceText } from '../../domain/nominal.ts';
import styles from './SymbolHead.module.css';

interface SymbolHeadProps {
  readonly instrument: Instrument;
  readonly outdated: boolean;
}

const COUNT = new Intl.NumberFormat('en-US');

export function SymbolHead({ instrument, outdated }: SymbolHeadProps) {
  const row = useRow(instrument, outdated);
  if (row === null) return <section className={styles['head']}>No quote has been seen yet.</section>;
  const { quote, age, old, stale, marks } = row;
  const { display } = quote;
  return (
    <section className={styles['head']} aria-label="Quote" data-old={old} data-stale={stale}>
      <div className={styles['price']}>
        <span className={styles['last']}>
          <Price text={display.last} value={quote.last} size="large" />
        </span>
        <Change quote={quote} />
      </div>
      <div className={styles['signal']}>
        <SignalChip
          signal={quote.signal}
          statValue={quote.statValue}
          signalWeight={quote.signalWeight}
          muted={old}
          size="large"
        />
        <div className={styles['origin']}>
          <SourceBadge source={quote.activeSource} marks={marks} />
          <span className={styles['age']}>{age === 'now' ? 'now' : `${age} ago`}</span>
        </div>
      </div>
      <dl className={styles['facts']}>
        <div>
          <dt>Bid</dt>
          <dd>
            <PriceWithSize text={display.bid} value={quote.bid} quantity={quote.bidSize} />
          </dd>
        </div>
        <div>
          <dt>Ask</dt>
          <dd>
            <PriceWithSize text={display.ask} value={quote.ask} quantity={quote.askSize} />
          </dd>
        </div>
        <Fact title="Spread" text={display.spread} />
        <div>
          <dt>Volume</dt>
          <dd>{quote.volume === null ? NOTHING : COUNT.format(quote.volume)}</dd>
        </div>
        <Fact title="VWAP" text={display.vwap} />
        <Fact title="Open" text={display.open} />
        <Fact title="Prev. settle" text={display.close} />
      </dl>
      <div className={styles['ranges']}>
        <Range
          title="Day"
          last={quote.last}
          low={quote.low}
          high={quote.high}
          lowText={display.low}
          highText={display.high}
          open={quote.open}
        />
        <Range
          title="24 h"
          last={quote.last}
          low={quote.low24h}
          high={quote.high24h}
          lowText={display.low24h}
          highText={display.high24h}
        />
        <Range
          title="52 w"
          last={quote.last}
          low={quote.low52w}
          high={quote.high52w}
          lowText={display.low52w}
          highText={display.high52w}
        />
      </div>
    </section>
  );
}

function Fact({ title, text }: { readonly title: string; readonly text: PriceText | null }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{text ?? NOTHING}</dd>
    </div>
  );
}

function Range({ title, ...range }: { readonly title: string } & Parameters<typeof RangeBar>[0]) {
  return (
    <div className={styles['range']}>
      <span className={styles['label']}>{title}</span>
      <RangeBar {...range} withEnds />
    </div>
  );
}
