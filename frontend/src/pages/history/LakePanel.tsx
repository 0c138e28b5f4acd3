// One question to the lake, in SQL. It may read ticks and nothing else; the server bounds its time, memory and rows.

import { useMutation } from '@tanstack/react-query';
import type { FormEvent, KeyboardEvent } from 'react';
import { useId, useState } from 'react';
import { useLocation } from 'react-router';
import { Empty, Failure } from '../../components/Answered.tsx';
import { Button } from '../../components/Button.tsx';
import { csvText, saveFile } from '../../components/csv.ts';
import { Select } from '../../components/Field.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import type { Shape } from '../../services/api/client.ts';
import { sendApi } from '../../services/api/client.ts';
import { loginAddress, useCaller } from '../../state/caller.ts';
import styles from './LakePanel.module.css';

type LakeAnswer = Shape<'LakeAnswer'>;

/** The table draws at most so many rows; the file has all of them. */
const MOST_DRAWN = 500;
const LIMITS = ['100', '1000', '10000'];
const COUNT = new Intl.NumberFormat('en-US');
const NUMERIC = /INT|DECIMAL|DOUBLE|FLOAT/;
const FILLING_ZEROS = /\.?0+$/;

interface Example {
  readonly name: string;
  sql(symbol: string, date: string): string;
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'Ticks by symbol',
    sql: () =>
      'SELECT symbol, min(date) AS first, max(date) AS last, count(*) AS ticks\nFROM ticks GROUP BY symbol ORDER BY ticks DESC',
  },
  {
    name: 'Spread by hour',
    sql: (symbol, date) =>
      `SELECT hour(ts) AS hour, avg(ask - bid) AS spread, max(ask - bid) AS widest, count(*) AS ticks\nFROM ticks WHERE symbol = '${symbol}' AND date = '${date}' GROUP BY hour ORDER BY hour`,
  },
  {
    name: 'Largest trades',
    sql: (symbol, date) =>
      `SELECT ts, last, last_size, source\nFROM ticks WHERE symbol = '${symbol}' AND date = '${date}'\nORDER BY last_size DESC NULLS LAST LIMIT 20`,
  },
  {
    name: 'Two sources compared',
    sql: (symbol, date) =>
      `SELECT source, count(*) AS ticks, min(last) AS low, max(last) AS high, min(ts) AS first, max(ts) AS last_seen\nFROM ticks WHERE symbol = '${symbol}' AND date = '${date}' GROUP BY source`,
  },
];

interface LakePanelProps {
  /** What the examples ask about. */
  readonly symbol: string;
  readonly date: string;
}

export function LakePanel({ symbol, date }: LakePanelProps) {
  const id = useId();
  const caller = useCaller();
  const { pathname, search } = useLocation();
  const [sql, setSql] = useState(EXAMPLES[0]?.sql(symbol, date) ?? '');
  const [limit, setLimit] = useState('1000');
  const asking = useMutation<LakeAnswer, Error, void>({
    mutationFn: async () =>
      (await sendApi('POST', '/api/thordata/query', { body: { sql, limit: Number(limit) } })) as LakeAnswer,
  });
  const mayAsk = caller?.may_write === true;
  const isReady = mayAsk && sql.trim() !== '' && !asking.isPending;
  const ask = () => {
    if (isReady) asking.mutate();
  };

  return (
    <Panel title="Ask the lake" about="DuckDB SQL over ticks and ticks_clean, read only">
      <form
        className={styles['form']}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          ask();
        }}
      >
        <label htmlFor={id} className="only-heard">
          SQL
        </label>
        <textarea
          id={id}
          className={styles['sql']}
          rows={4}
          spellCheck={false}
          maxLength={20_000}
          value={sql}
          onChange={({ target }) => setSql(target.value)}
          onKeyDown={(event: KeyboardEvent) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              ask();
            }
          }}
        />
        <div className={styles['tools']}>
          <Button look="main" icon="play" submits disabled={!isReady} title="Ctrl+Enter">
            {asking.isPending ? 'Asking …' : 'Ask'}
          </Button>
          <Select
            label="Most rows"
            bare
            value={limit}
            options={LIMITS.map((value) => ({ value, text: `${COUNT.format(Number(value))} rows` }))}
            onChange={setLimit}
          />
          <Select
            label="Examples"
            bare
            value=""
            options={[
              { value: '', text: 'Examples …' },
              ...EXAMPLES.map(({ name }) => ({ value: name, text: name })),
            ]}
            onChange={(name) => {
              const example = EXAMPLES.find((one) => one.name === name);
              if (example !== undefined) setSql(example.sql(symbol, date));
            }}
          />
          {caller !== null && !mayAsk && (
            <p className={styles['note']}>
              {caller.user === null ? (
                <>
                  Questions need a login: <a href={loginAddress(pathname + search)}>log in</a>, and you are
                  back here.
                </>
              ) : (
                `A ${caller.role} may not ask; an operator may.`
              )}
            </p>
          )}
        </div>
      </form>
      <div aria-live="polite">
        {asking.error !== null && <Failure what="answer" error={asking.error} onRetry={ask} />}
        {asking.data !== undefined && asking.error === null && <Result answer={asking.data} />}
      </div>
    </Panel>
  );
}

/** A decimal without the zeros that only fill its places; everything else as the lake told it. */
function plain(value: string | null, type = ''): string | null {
  return value !== null && type.startsWith('DECIMAL') && value.includes('.')
    ? value.replace(FILLING_ZEROS, '')
    : value;
}

function Result({ answer }: { readonly answer: LakeAnswer }) {
  const { columns, more, elapsed_ms } = answer;
  const rows = answer.rows.map((row) => row.map((value, at) => plain(value, columns[at]?.type)));
  const names = columns.map(({ name }) => name);
  const shown = rows.slice(0, MOST_DRAWN);
  return (
    <div className={styles['result']}>
      <div className={styles['tools']}>
        <p className={styles['note']}>
          {COUNT.format(rows.length)} row{rows.length === 1 ? '' : 's'}
          {more && ', cut off there: ask for more rows or for less'} in {COUNT.format(elapsed_ms)} ms
          {shown.length < rows.length && `; the first ${MOST_DRAWN} are drawn, the file has all`}
        </p>
        <Button
          icon="download"
          disabled={rows.length === 0}
          onClick={() => saveFile('thor-lake.csv', csvText(names, rows), 'text/csv')}
        >
          CSV
        </Button>
      </div>
      {rows.length === 0 ? (
        <Empty>No row answers this.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section className={styles['scroll']} tabIndex={0} aria-label="Answer of the lake">
          <table className={styles['table']}>
            <thead>
              <tr>
                {columns.map(({ name, type }, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name and never move
                  <th key={at} scope="col" title={type} data-number={NUMERIC.test(type)}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row, line) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name and never move
                <tr key={line}>
                  {row.map((value, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as above
                    <td key={at} data-number={NUMERIC.test(columns[at]?.type ?? '')}>
                      {value ?? <span className={styles['none']}>{NOTHING}</span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}
