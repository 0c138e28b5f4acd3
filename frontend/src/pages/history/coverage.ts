// What is kept of which symbol on which date, as the strips show it: one cell a symbol and date.

import { datesBetween, isWeekend } from '../../domain/tradeDate.ts';
import type { Shape } from '../../services/api/client.ts';

type CoverageRow = Shape<'CoverageRow'>;
type Report = Shape<'QualityReport'>;

/** How much there is: nothing, kept in Postgres alone and not counted, or from few (1) to as many as ever (4). */
export type Amount = 'none' | 'postgres' | 1 | 2 | 3 | 4;

export interface Cell {
  readonly symbol: string;
  readonly date: string;
  readonly amount: Amount;
  /** Ticks of it in the lake; null when it is not in the lake. */
  readonly rows: number | null;
  readonly bytes: number | null;
  /** Postgres holds ticks of this date that the lake has not as they are there. */
  readonly isDue: boolean;
  /** The date's instants, ISO 8601; null where nobody has said them. */
  readonly span: { readonly start: string; readonly end: string } | null;
  /** What the checks found; null when the partition was never checked. */
  readonly report: Report | null;
}

export interface Coverage {
  readonly symbols: readonly string[];
  readonly dates: readonly string[];
  readonly cells: ReadonlyMap<string, ReadonlyMap<string, Cell>>;
}

export function findingsOf(report: Report | null): number {
  return report === null ? 0 : Object.values(report.counts).reduce((sum, count) => sum + count, 0);
}

/** The four shades: shares of the most that the symbol ever has here, so that a thin symbol is not read as missing. */
function amountOf(rows: number, most: number): Amount {
  const share = most === 0 ? 1 : rows / most;
  if (share > 0.75) return 4;
  if (share > 0.5) return 3;
  return share > 0.25 ? 2 : 1;
}

/**
 * Symbols stand in the registry's order, those that it does not know behind. A date on the weekend has a column only
 * where something is kept of it.
 */
export function coverageOf(
  rows: readonly CoverageRow[],
  reports: readonly Report[],
  registry: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Coverage {
  const inLake = rows.filter(({ symbol }) => symbol !== null);
  const due = new Map(rows.flatMap((row) => (row.symbol === null ? [[row.date, row] as const] : [])));
  const bySymbol = new Map<string, Map<string, CoverageRow>>();
  for (const row of inLake) {
    const symbol = row.symbol ?? '';
    const dates = bySymbol.get(symbol) ?? new Map<string, CoverageRow>();
    bySymbol.set(symbol, dates.set(row.date, row));
  }
  const found = new Map(reports.map((report) => [`${report.symbol} ${report.trade_date}`, report]));
  const known = due.size > 0 ? registry : registry.filter((symbol) => bySymbol.has(symbol));
  const symbols = [
    ...known,
    ...[...bySymbol.keys()].filter((symbol) => !registry.includes(symbol)).toSorted(),
  ];
  const used = new Set(rows.map(({ date }) => date));
  const dates = datesBetween(from, to).filter((date) => !isWeekend(date) || used.has(date));

  const cells = new Map(
    symbols.map((symbol) => {
      const kept = bySymbol.get(symbol);
      const most = Math.max(0, ...[...(kept?.values() ?? [])].map((row) => row.rows ?? 0));
      const cellOf = (date: string): Cell => {
        const row = kept?.get(date) ?? null;
        const late = due.get(date) ?? null;
        const bounds = row ?? late;
        return {
          symbol,
          date,
          amount: row !== null ? amountOf(row.rows ?? 0, most) : late !== null ? 'postgres' : 'none',
          rows: row?.rows ?? null,
          bytes: row?.bytes ?? null,
          isDue: late !== null,
          span:
            bounds?.starts_at != null && bounds.ends_at != null
              ? { start: bounds.starts_at, end: bounds.ends_at }
              : null,
          report: found.get(`${symbol} ${date}`) ?? null,
        };
      };
      return [symbol, new Map(dates.map((date) => [date, cellOf(date)]))] as const;
    }),
  );
  return { symbols, dates, cells };
}

const COUNT = new Intl.NumberFormat('en-US');

/** One cell in words. */
export function cellText({ amount, rows, isDue, report }: Cell): string {
  const where =
    amount === 'none'
      ? 'nothing kept'
      : amount === 'postgres'
        ? 'in Postgres, not exported yet'
        : `${COUNT.format(rows ?? 0)} ticks${isDue ? ', newer ones in Postgres' : ''}`;
  if (rows === null) return where;
  if (report === null) return `${where}, not checked`;
  const doubts = findingsOf(report);
  return doubts === 0 ? `${where}, nothing found` : `${where}, ${COUNT.format(doubts)} findings`;
}
