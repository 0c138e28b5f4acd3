// Which dates of which symbols are kept: a strip a symbol, a cell a date, darker where there is more.
// One cell is in the tab order; arrow keys lead from it to the others.

import type { KeyboardEvent } from 'react';
import { useRef } from 'react';
import { longDate, monthName } from '../../domain/tradeDate.ts';
import styles from './CoverageStrips.module.css';
import type { Cell, Coverage } from './coverage.ts';
import { cellText, findingsOf } from './coverage.ts';

const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -10_000],
  End: [0, 10_000],
};

interface CoverageStripsProps {
  readonly coverage: Coverage;
  readonly chosen: { readonly symbol: string; readonly date: string } | null;
  onChoose(cell: Cell): void;
}

const clamped = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));

export function CoverageStrips({ coverage, chosen, onChoose }: CoverageStripsProps) {
  const { symbols, dates, cells } = coverage;
  const table = useRef<HTMLTableElement>(null);
  const row = clamped(symbols.indexOf(chosen?.symbol ?? ''), symbols.length);
  const found = dates.indexOf(chosen?.date ?? '');
  const column = found < 0 ? dates.length - 1 : found;

  function move(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const from = (event.target as HTMLElement).dataset;
    if (step === undefined || from['row'] === undefined) return;
    event.preventDefault();
    const down = clamped(Number(from['row']) + step[0], symbols.length);
    const right = clamped(Number(from['column']) + step[1], dates.length);
    table.current?.querySelector<HTMLElement>(`button[data-row="${down}"][data-column="${right}"]`)?.focus();
  }

  return (
    <section className={styles['scroll']} aria-label="Coverage by symbol and date">
      <table ref={table} className={styles['strips']} onKeyDown={move}>
        <thead>
          <tr>
            <td />
            {months(dates).map(({ month, count }) => (
              <th key={month} colSpan={count} scope="colgroup" className={styles['month']}>
                {count > 2 ? monthName(month) : ''}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {symbols.map((symbol, down) => (
            <tr key={symbol}>
              <th scope="row" className={styles['symbol']}>
                {symbol}
              </th>
              {dates.map((date, right) => {
                const cell = cells.get(symbol)?.get(date);
                if (cell === undefined) return <td key={date} />;
                const words = `${symbol}, ${longDate(date)}: ${cellText(cell)}`;
                return (
                  <td key={date} className={styles['place']}>
                    <button
                      type="button"
                      className={styles['cell']}
                      data-amount={cell.amount}
                      data-doubts={findingsOf(cell.report) > 0}
                      data-due={cell.isDue}
                      data-row={down}
                      data-column={right}
                      tabIndex={down === row && right === column ? 0 : -1}
                      aria-pressed={chosen?.symbol === symbol && chosen.date === date}
                      aria-label={words}
                      title={words}
                      onClick={() => onChoose(cell)}
                    >
                      <span aria-hidden="true">{Number(date.slice(8))}</span>
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function months(dates: readonly string[]): readonly { readonly month: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const date of dates) counts.set(date.slice(0, 7), (counts.get(date.slice(0, 7)) ?? 0) + 1);
  return [...counts].map(([month, count]) => ({ month, count }));
}

/** What the looks of a cell mean. */
export function CoverageLegend() {
  return (
    <ul className={styles['legend']} aria-label="What the cells mean">
      <li>
        <span aria-hidden="true" className={styles['cell']} data-amount="none" /> nothing
      </li>
      <li>
        {([1, 2, 3, 4] as const).map((amount) => (
          <span key={amount} aria-hidden="true" className={styles['cell']} data-amount={amount} />
        ))}{' '}
        few to many ticks, for the symbol
      </li>
      <li>
        <span aria-hidden="true" className={styles['cell']} data-amount="postgres" /> in Postgres, not
        exported
      </li>
      <li>
        <span aria-hidden="true" className={styles['cell']} data-amount={2} data-doubts="true" /> something
        doubtful was found
      </li>
    </ul>
  );
}
