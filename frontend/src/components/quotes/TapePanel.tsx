// Every event of the symbol as it comes, newest first. It can be held to be read; what comes meanwhile is kept.

import { useEffect, useRef, useState } from 'react';
import type { Instrument } from '../../domain/instrument.ts';
import type { Quote } from '../../domain/quote.ts';
import { useDashboard, useTimeFormat } from '../../state/react.ts';
import { Button } from '../Button.tsx';
import { Panel } from '../Panel.tsx';
import { NOTHING } from '../Price.tsx';
import styles from './TapePanel.module.css';

const MOST = 60;

interface TapeLine {
  readonly key: number;
  readonly quote: Quote;
  readonly move: 'up' | 'down' | 'flat';
}

function moveOf(quote: Quote, before: Quote | null): TapeLine['move'] {
  if (before === null || quote.last === null || before.last === null || quote.last === before.last)
    return 'flat';
  return quote.last > before.last ? 'up' : 'down';
}

/** The newest lines, newest first, drawn at most once a frame. */
function useTape({ symbol }: Instrument, held: boolean): readonly TapeLine[] {
  const { watch } = useDashboard();
  const [lines, setLines] = useState<readonly TapeLine[]>([]);
  const known = useRef<readonly TapeLine[]>([]);
  const isHeld = useRef(held);
  isHeld.current = held;

  useEffect(() => {
    if (!held) setLines(known.current);
  }, [held]);

  useEffect(() => {
    // Another symbol, or another telling of its day: nothing of the one before belongs here.
    known.current = [];
    setLines([]);
    let key = 0;
    let due = 0;
    const draw = () => {
      due = 0;
      if (!isHeld.current) setLines(known.current);
    };
    const end = watch(symbol, (quotes) => {
      for (const quote of quotes) {
        key += 1;
        const line = { key, quote, move: moveOf(quote, known.current[0]?.quote ?? null) };
        known.current = [line, ...known.current].slice(0, MOST);
      }
      if (due === 0) due = requestAnimationFrame(draw);
    });
    return () => {
      end();
      cancelAnimationFrame(due);
    };
  }, [watch, symbol]);

  return lines;
}

export function TapePanel({ instrument }: { readonly instrument: Instrument }) {
  const [held, setHeld] = useState(false);
  const lines = useTape(instrument, held);
  const time = useTimeFormat(instrument.market);
  return (
    <Panel
      title="Tape"
      flush
      tools={
        <Button
          look="quiet"
          icon={held ? 'play' : 'pause'}
          aria-pressed={held}
          onClick={() => setHeld(!held)}
        >
          {held ? 'Go on' : 'Hold'}
        </Button>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={styles['box']} tabIndex={0} aria-label="Tape">
        <table className={styles['table']}>
          <caption className="only-heard">Events of {instrument.symbol}, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Last</th>
              <th scope="col">Size</th>
              <th scope="col">Bid</th>
              <th scope="col">Ask</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ key, quote, move }) => (
              <tr key={key}>
                <td className={styles['time']}>
                  {time.text(quote.occurredAt, 'time')}
                  <span className={styles['part']}>.{String(quote.occurredAt % 1_000).padStart(3, '0')}</span>
                </td>
                <td data-direction={move}>
                  <span className="only-heard">{move === 'flat' ? '' : move}</span>{' '}
                  {quote.display.last ?? NOTHING}
                </td>
                <td>{quote.lastSize ?? NOTHING}</td>
                <td className={styles['book']}>{quote.display.bid ?? NOTHING}</td>
                <td className={styles['book']}>{quote.display.ask ?? NOTHING}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {lines.length === 0 && <p className={styles['none']}>The next event stands here.</p>}
      </section>
    </Panel>
  );
}
