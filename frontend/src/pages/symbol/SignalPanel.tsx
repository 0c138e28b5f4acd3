// Why the signal is what it is: the change beside the thresholds it was held against, and the signals before it.
// The server decided; nothing is compared here.

import { Answered } from '../../components/Answered.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import { SignalChip } from '../../components/SignalChip.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { toServerTime } from '../../domain/nominal.ts';
import type { Signal } from '../../domain/quote.ts';
import { SIGNALS } from '../../domain/quote.ts';
import { useApi } from '../../state/api.ts';
import { useQuote, useTimeFormat } from '../../state/react.ts';
import styles from './SignalPanel.module.css';

const SHOWN = 8;
const REFRESH_MS = 15_000;

/** Where the ladder puts a signal: `above 6`, `1 to 6`, in the unit of the thresholds. */
function rungOf(signal: Signal, values: Readonly<Record<string, string>>): string {
  switch (signal) {
    case 'STRONG_BUY':
      return `above ${values['STRONG_BUY']}`;
    case 'BUY':
      return `above ${values['BUY']}, up to ${values['STRONG_BUY']}`;
    case 'HOLD':
      return `from ${values['SELL']} to ${values['BUY']}`;
    case 'SELL':
      return `below ${values['SELL']}, down to ${values['STRONG_SELL']}`;
    case 'STRONG_SELL':
      return `below ${values['STRONG_SELL']}`;
  }
}

export function SignalPanel({ instrument }: { readonly instrument: Instrument }) {
  const quote = useQuote(instrument.symbol);
  const registry = useApi('/api/instruments');
  return (
    <Panel title="Why this signal" about={instrument.inverse ? 'counts the other way in TOTAL' : undefined}>
      <Answered answer={registry} what="thresholds">
        {(rows) => {
          const row = rows.find(({ symbol }) => symbol === instrument.symbol);
          if (row === undefined) return <p>The registry has no thresholds for it.</p>;
          return (
            <>
              <p className={styles['why']}>
                Its change against the previous settlement is{' '}
                <strong>{quote?.display.change ?? NOTHING}</strong>
                {quote?.signal != null && quote.contractWeight !== null && (
                  <>
                    . With weight {quote.contractWeight} and signal weight {quote.signalWeight ?? NOTHING} it
                    counts in TOTAL
                  </>
                )}
                .
              </p>
              <ol className={styles['ladder']} aria-label={`The ladder, thresholds in ${row.unit}`}>
                {SIGNALS.map((signal) => (
                  <li key={signal} className={styles['rung']} aria-current={quote?.signal === signal}>
                    <SignalChip
                      signal={signal}
                      statValue={null}
                      signalWeight={null}
                      muted={quote?.signal !== signal}
                    />
                    <span>
                      {rungOf(signal, row.stat_values)} {row.unit === 'points' ? '' : `(× ${row.unit})`}
                    </span>
                  </li>
                ))}
              </ol>
            </>
          );
        }}
      </Answered>
      <SignalsBefore instrument={instrument} />
    </Panel>
  );
}

function SignalsBefore({ instrument }: { readonly instrument: Instrument }) {
  const answer = useApi('/api/signals/history', {
    query: { symbol: instrument.symbol, limit: SHOWN },
    refreshMs: REFRESH_MS,
  });
  const time = useTimeFormat(instrument.market);
  return (
    <>
      <h3 className={styles['heading']}>Signals before</h3>
      <Answered
        answer={answer}
        what="signals"
        isEmpty={({ items }) => items.length === 0}
        empty="No change of its signal has been recorded yet."
      >
        {({ items }) => (
          <ul className={styles['before']}>
            {items.map(({ id, at, signal, change, source }) => {
              const instant = toServerTime(at);
              return (
                <li key={id} className={styles['item']}>
                  <span className={styles['time']}>
                    {instant === null ? at : time.text(instant, 'moment')}
                  </span>
                  <SignalChip signal={signal} statValue={null} signalWeight={null} muted={false} />
                  <span className={styles['time']}>
                    {change === null ? '' : `change ${Number(change)}`} · {source}
                  </span>
                </li>
              );
            })}
          </ul>
        )}
      </Answered>
    </>
  );
}
