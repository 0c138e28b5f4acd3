// The design that the dashboard is measured against: one EventSource, one message an event, every event into React's state.
// It reads the plain events of the contract, a fifth of an enriched record's bytes; twelve columns, rows out of sight not
// drawn. For the benchmark only; never shipped.

import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

interface Quote {
  readonly symbol: string;
  readonly last: number;
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  readonly active_source: string;
  readonly meta: Readonly<Record<'netChange' | 'close' | 'high' | 'low' | 'volume', number>>;
}

const ROW = 40;
const IN_SIGHT = 37;
const COLUMNS: Readonly<Record<string, (quote: Quote) => string | number | null>> = {
  last: ({ last }) => last,
  change: ({ meta }) => meta.netChange.toFixed(2),
  percent: ({ meta }) => ((100 * meta.netChange) / meta.close).toFixed(2),
  bid: ({ bid }) => bid.toFixed(2),
  bidSize: ({ bidSize }) => bidSize,
  ask: ({ ask }) => ask.toFixed(2),
  askSize: ({ askSize }) => askSize,
  spread: ({ bid, ask }) => (ask - bid).toFixed(2),
  volume: ({ meta }) => meta.volume,
  high: ({ meta }) => meta.high.toFixed(2),
  low: ({ meta }) => meta.low.toFixed(2),
};

function Grid() {
  const [quotes, setQuotes] = useState<Readonly<Record<string, Quote>>>({});
  const [top, setTop] = useState(0);
  useEffect(() => {
    const source = new EventSource('/api/quotes/stream');
    source.addEventListener('quote', ({ data }) => {
      const quote: Quote = JSON.parse(data);
      setQuotes((known) => ({ ...known, [quote.symbol]: quote }));
    });
    return () => source.close();
  }, []);
  const symbols = Object.keys(quotes).sort();
  const first = Math.floor(top / ROW);
  return (
    <div
      style={{ height: '90vh', overflow: 'auto' }}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      <table>
        <tbody>
          <tr style={{ height: first * ROW }} />
          {symbols.slice(first, first + IN_SIGHT).map((symbol) => {
            const quote = quotes[symbol];
            return (
              <tr key={symbol} data-symbol={symbol} style={{ height: ROW }}>
                <td>{symbol}</td>
                {Object.entries(COLUMNS).map(([name, text]) => (
                  <td key={name} data-column={name}>
                    {quote && text(quote)}
                  </td>
                ))}
                <td>{quote?.active_source}</td>
              </tr>
            );
          })}
          <tr style={{ height: Math.max(0, symbols.length - first - IN_SIGHT) * ROW }} />
        </tbody>
      </table>
    </div>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Grid />);
