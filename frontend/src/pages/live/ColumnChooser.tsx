// Which columns the grid has, and in which order: ticked, dragged, or moved by the buttons beside them.

import { Button } from '../../components/Button.tsx';
import { Icon } from '../../components/Icon.tsx';
import { OrderedChoice } from '../../components/OrderedChoice.tsx';
import { Popover } from '../../components/Popover.tsx';
import type { ColumnKey } from '../../components/quotes/columnKeys.ts';
import { COLUMN_KEYS, FIRST_COLUMNS } from '../../components/quotes/columnKeys.ts';
import { COLUMNS } from '../../components/quotes/columns.tsx';
import styles from './Chooser.module.css';

interface ColumnChooserProps {
  readonly columns: readonly ColumnKey[];
  onChange(columns: readonly ColumnKey[]): void;
}

export function ColumnChooser({ columns, onChange }: ColumnChooserProps) {
  return (
    <Popover
      label="Columns"
      worded
      button={
        <>
          <Icon name="columns" size={16} /> Columns
        </>
      }
    >
      {() => <Chooser columns={columns} onChange={onChange} />}
    </Popover>
  );
}

function Chooser({ columns, onChange }: ColumnChooserProps) {
  return (
    <div className={styles['chooser']}>
      <OrderedChoice
        chosenLabel="Columns in their order"
        othersLabel="Columns that are not shown"
        chosen={columns}
        others={COLUMN_KEYS.filter((key) => !columns.includes(key))}
        nameOf={(key) => COLUMNS[key].title}
        draw={(key) => COLUMNS[key].fullTitle ?? COLUMNS[key].title}
        onChange={onChange}
      />
      <Button onClick={() => onChange(FIRST_COLUMNS)}>As at first</Button>
    </div>
  );
}
