// The live page on a screen that is wide enough: one dense table, one row an instrument, in registry order.

import { memo } from 'react';
import { Arrow, directionOf } from '../../components/Direction.tsx';
import { NOTHING, Price, PriceWithSize } from '../../components/Price.tsx';
import { RangeBar } from '../../components/RangeBar.tsx';
import { SignalChip } from '../../components/SignalChip.tsx';
import { SourceBadge } from '../../components/SourceBadge.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import styles from './QuoteTable.module.css';
import { useRow } from './useRow.ts';

const COLUMNS: readonly { readonly title: string; readonly column: string }[] = [
  { title: 'Symbol', column: 'symbol' },
  { title: 'Signal', column: 'signal' },
  { title: 'Last', column: 'last' },
  { title: 'Change', column: 'change' },
  { title: 'Change %', column: 'percent' },
  { title: 'Bid × size', column: 'bid' },
  { title: 'Ask × size', column: 'ask' },
  { title: 'Spread', column: 'spread' },
  { title: 'Day range', column: 'range' },
  { title: 'Age', column: 'age' },
  { title: 'Source', column: 'source' },
];

const cell = (column: string) => styles[column];

interface QuoteRowProps {
  readonly instrument: Instrument;
  readonly outdated: boolean;
}

export const QuoteRow = memo(function QuoteRow({ instrument, outdated }: QuoteRowProps) {
  const row = useRow(instrument, outdated);
  const symbol = (
    <th scope="row" className={cell('symbol')}>
      <span className={styles['ticker']}>{instrument.symbol}</span>
      <span className={styles['name']}>{instrument.name}</span>
    </th>
  );
  if (row === null) {
    return (
      <tr data-empty="true">
        {symbol}
        {COLUMNS.slice(1).map(({ column }) => (
          <td key={column} className={cell(column)}>
            {column === 'source' ? 'no quote yet' : NOTHING}
          </td>
        ))}
      </tr>
    );
  }
  const { quote, age, stale, old, marks } = row;
  const { display } = quote;
  const direction = directionOf(quote.change);
  return (
    <tr data-old={old} data-stale={stale}>
      {symbol}
      <td className={cell('signal')}>
        <SignalChip
          signal={quote.signal}
          statValue={quote.statValue}
          signalWeight={quote.signalWeight}
          muted={old}
        />
      </td>
      <td className={cell('last')}>
        <Price text={display.last} value={quote.last} size="large" />
      </td>
      <td className={cell('change')} data-direction={direction}>
        <Arrow direction={direction} />
        {display.change ?? NOTHING}
      </td>
      <td className={cell('percent')} data-direction={direction}>
        {display.changePercent === null ? NOTHING : `${display.changePercent}%`}
      </td>
      <td className={cell('bid')}>
        <PriceWithSize text={display.bid} value={quote.bid} quantity={quote.bidSize} />
      </td>
      <td className={cell('ask')}>
        <PriceWithSize text={display.ask} value={quote.ask} quantity={quote.askSize} />
      </td>
      <td className={cell('spread')}>{display.spread ?? NOTHING}</td>
      <td className={cell('range')}>
        <RangeBar last={quote.last} open={quote.open} high={quote.high} low={quote.low} display={display} />
      </td>
      <td className={cell('age')}>{age}</td>
      <td className={cell('source')}>
        <SourceBadge source={quote.activeSource} marks={marks} />
      </td>
    </tr>
  );
});

interface QuoteTableProps {
  readonly instruments: readonly Instrument[];
  /** The values are from before an outage. */
  readonly outdated: boolean;
}

export function QuoteTable({ instruments, outdated }: QuoteTableProps) {
  return (
    <table className={styles['table']}>
      <caption className="only-heard">Live futures quotes, in fixed order</caption>
      <colgroup>
        {COLUMNS.map(({ column }) => (
          <col key={column} className={cell(column)} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {COLUMNS.map(({ title, column }) => (
            <th key={column} scope="col" className={cell(column)}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {instruments.map((instrument) => (
          <QuoteRow key={instrument.symbol} instrument={instrument} outdated={outdated} />
        ))}
      </tbody>
    </table>
  );
}
