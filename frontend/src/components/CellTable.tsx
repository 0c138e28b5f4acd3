// A table whose rows are lists of cells, for what is told column by column anyway: words left, numbers right.

import type { ReactNode } from 'react';
import { Table } from './Table.tsx';

export interface CellColumn {
  readonly title: string;
  readonly isNumber?: boolean;
  /** What the column means, told on hovering. */
  readonly about?: string;
}

export interface CellRow {
  readonly key: string | number;
  /** In the order of the columns; the first names the row. */
  readonly cells: readonly ReactNode[];
}

interface CellTableProps {
  readonly label: string;
  readonly columns: readonly CellColumn[];
  readonly rows: readonly CellRow[];
  readonly isLong?: boolean;
}

export function CellTable({ columns, ...rest }: CellTableProps) {
  return (
    <Table
      {...rest}
      columns={columns.map(({ title, about, isNumber = false }, at) => ({
        title,
        isText: !isNumber,
        ...(about === undefined ? {} : { about }),
        draw: ({ cells }: CellRow) => cells[at],
      }))}
      keyOf={({ key }) => key}
    />
  );
}
