// A table for reading: a named region that scrolls by itself where it must, and fewer columns on a phone.

import type { ReactNode } from 'react';
import styles from './Table.module.css';

export interface Column<Row> {
  readonly title: string;
  /** Words stand at the left, numbers at the right. */
  readonly isText?: boolean;
  /** Left out on a phone. */
  readonly isWide?: boolean;
  /** What the column means, told on hovering. */
  readonly about?: string;
  draw(row: Row): ReactNode;
}

interface TableProps<Row> {
  /** What the table holds, for those who hear. */
  readonly label: string;
  /** The first column names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Many rows: they scroll beneath their headings. */
  readonly isLong?: boolean;
  keyOf(row: Row): string | number;
}

export function Table<Row>({ label, columns, rows, isLong = false, keyOf }: TableProps<Row>) {
  const about = (column: Column<Row>) => ({
    'data-text': column.isText === true,
    'data-wide': column.isWide === true,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles['scroll']} data-long={isLong} tabIndex={0} aria-label={label}>
      <table className={styles['table']}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" title={column.about} {...about(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, place) =>
                place === 0 ? (
                  <th key={column.title} scope="row" {...about(column)}>
                    {column.draw(row)}
                  </th>
                ) : (
                  <td key={column.title} {...about(column)}>
                    {column.draw(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
