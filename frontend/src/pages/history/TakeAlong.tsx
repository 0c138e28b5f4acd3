// The chosen ticks or bars as a file. More ticks than a file may hold come as several.

import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { saveBlob } from '../../components/csv.ts';
import { Panel } from '../../components/Panel.tsx';
import { fetchFile } from '../../services/files.ts';
import { useDashboard } from '../../state/react.ts';
import type { Interval } from './interval.ts';
import type { Selection } from './selection.ts';
import styles from './TakeAlong.module.css';

const MOST_ROWS = 1_000_000;
const COUNT = new Intl.NumberFormat('en-US');
const FORMS = [
  { form: 'parquet', title: 'Parquet', ending: 'parquet' },
  { form: 'arrow', title: 'Arrow', ending: 'arrows' },
  { form: 'csv', title: 'CSV', ending: 'csv' },
] as const;

type Kind = 'ticks' | 'bars';
type Form = (typeof FORMS)[number];

interface TakeAlongProps {
  readonly selection: Selection;
  readonly interval: Interval;
}

export function TakeAlong({ selection, interval }: TakeAlongProps) {
  const [kind, setKind] = useState<Kind>('ticks');
  const { saving, save, cancel } = useSaving();
  const { symbol, name, rows, clean } = selection;
  const files = kind === 'bars' || rows === null ? 1 : Math.max(1, Math.ceil(rows / MOST_ROWS));
  return (
    <Panel title="Take it along" about={`${symbol}, ${name}${clean ? ', cleaned' : ''}`}>
      <div className={styles['ways']}>
        <Choice
          label="What the file holds"
          value={kind}
          options={[
            { value: 'ticks', text: rows === null ? 'Ticks' : `${COUNT.format(rows)} ticks` },
            { value: 'bars', text: `Bars of ${interval}` },
          ]}
          onChange={setKind}
        />
        <span className={styles['forms']}>
          {FORMS.map((form) => (
            <Button
              key={form.form}
              icon="download"
              disabled={saving !== null}
              onClick={() => void save(selection, interval, kind, form)}
            >
              {form.title}
            </Button>
          ))}
        </span>
      </div>
      <p className={styles['note']} role="status">
        {saving === null ? (
          files === 1 ? (
            'Times are UTC, prices exact decimals.'
          ) : (
            `Times are UTC, prices exact decimals; ${files} files of at most ${COUNT.format(MOST_ROWS)} ticks.`
          )
        ) : (
          <>
            Fetching {saving} …{' '}
            <Button look="quiet" onClick={cancel}>
              Cancel
            </Button>
          </>
        )}
      </p>
    </Panel>
  );
}

function useSaving() {
  const { toasts } = useDashboard();
  const [saving, setSaving] = useState<string | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  async function save(selection: Selection, interval: Interval, kind: Kind, form: Form): Promise<void> {
    const { symbol, span, clean, shortName } = selection;
    const controller = new AbortController();
    stop.current = controller;
    const query = { symbol, ...span, clean, format: form.form };
    const stem = [symbol.replace(/[^\w.-]/g, '_'), shortName, kind === 'bars' ? interval : 'ticks'].join('-');
    let cursor = '';
    try {
      for (let part = 1; part === 1 || cursor !== ''; part += 1) {
        const file = part === 1 && cursor === '' ? stem : `${stem}-${part}`;
        setSaving(`${file}.${form.ending}`);
        const more = kind === 'bars' ? { interval } : { limit: MOST_ROWS, cursor };
        const fetched = await fetchFile(`/api/thordata/${kind}`, { ...query, ...more }, controller.signal);
        saveBlob(`${file}.${form.ending}`, fetched.content);
        cursor = fetched.next ?? '';
      }
    } catch (error) {
      if (!controller.signal.aborted)
        toasts.show({ tone: 'bad', title: 'The file cannot be had', text: String((error as Error).message) });
    } finally {
      setSaving(null);
    }
  }

  return { saving, save, cancel: () => stop.current?.abort() };
}
