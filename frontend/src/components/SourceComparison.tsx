// The sources of a symbol beside each other: which one stands, what the others say, and how old that is.

import type { Instrument } from '../domain/instrument.ts';
import { axisText } from '../domain/priceAxis.ts';
import { formatAge } from '../domain/time.ts';
import { useSourceQuotes } from '../state/otherSources.ts';
import { useQuote } from '../state/react.ts';
import { Empty, Loading } from './Answered.tsx';
import { NOTHING } from './Price.tsx';
import styles from './SourceComparison.module.css';

interface SourceComparisonProps {
  readonly instrument: Instrument;
}

export function SourceComparison({ instrument }: SourceComparisonProps) {
  const sources = useSourceQuotes(instrument.symbol);
  const active = useQuote(instrument.symbol)?.activeSource ?? null;
  if (sources === null) return <Loading what="the sources" />;
  if (sources.length === 0) return <Empty>No source publishes.</Empty>;
  const price = (value: number | null) => (value === null ? NOTHING : axisText(value, instrument.display));
  return (
    <table className={styles['table']}>
      <caption className="only-heard">What each source says of {instrument.symbol}</caption>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">Last</th>
          <th scope="col">Bid</th>
          <th scope="col">Ask</th>
          <th scope="col">Age</th>
        </tr>
      </thead>
      <tbody>
        {sources.map(({ provider, quote }) => (
          <tr key={provider.source} data-active={provider.source === active}>
            <th scope="row">
              {provider.source}
              <span className={styles['state']}>
                {provider.source === active ? 'stands' : provider.status}
              </span>
            </th>
            {quote === null ? (
              <td colSpan={4} className={styles['none']}>
                says nothing of it
              </td>
            ) : (
              <>
                <td>{price(quote.last)}</td>
                <td>{price(quote.bid)}</td>
                <td>{price(quote.ask)}</td>
                <td>{quote.age_ms == null ? NOTHING : formatAge(quote.age_ms)}</td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
