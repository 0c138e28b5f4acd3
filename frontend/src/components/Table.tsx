// A plain table: headings, rows, numbers at the right. What is wider than its place scrolls inside it.

import type { ReactNode } from 'react';
import styles from './Table.module.css';

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  /** What the column means, told on hovering. */
  readonly about?: string;
}

export interface Row {
  readonly key: string | number;
  /** In the order of the columns; the first names the row. */
  readonly cells: readonly ReactNode[];
}

interface TableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Rows beyond this height scroll beneath their headings. */
  readonly tall?: boolean;
}

export function Table({ label, columns, rows, tall = false }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles['scroll']} data-tall={tall} tabIndex={0} aria-label={label}>
      <table className={styles['table']}>
        <thead>
          <tr>
            {columns.map(({ title, about, isNumber = false }) => (
              <th key={title} scope="col" title={about} data-number={isNumber}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, at) => {
                const column = columns[at];
                return at === 0 ? (
                  <th key={column?.title} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={column?.title} data-number={column?.isNumber === true}>
                    {cell}
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
