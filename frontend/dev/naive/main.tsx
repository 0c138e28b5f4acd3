// The design that the dashboard is measured against: one EventSource, one message an event, every event into React's state.
// Same rows, same columns, rows out of sight not drawn. For the benchmark only; never shipped.

import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

interface Quote {
  readonly symbol: string;
  readonly lastSize: number | null;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  readonly signal: string | null;
  readonly active_source: string;
  readonly display: Readonly<Record<string, string | null>>;
}

const ROW = 40;
const IN_SIGHT = 37;
const FIELDS = ['last', 'change', 'change_percent', 'bid', 'ask', 'spread', 'vwap', 'high', 'low'] as const;

function Grid() {
  const [quotes, setQuotes] = useState<Readonly<Record<string, Quote>>>({});
  const [top, setTop] = useState(0);
  useEffect(() => {
    const source = new EventSource('/api/quotes/stream?enrich=1');
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
                <td>{quote?.signal}</td>
                {FIELDS.map((field) => (
                  <td key={field} data-column={field}>
                    {quote?.display[field]}
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
