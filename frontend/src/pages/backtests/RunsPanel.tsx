// The list of runs: filtered, read again while something is at work, older ones on demand.

import { useState } from 'react';
import { Link } from 'react-router';
import { Answered, Empty } from '../../components/Answered.tsx';
import { runAddress } from '../../components/addresses.ts';
import { ratio } from '../../components/amounts.ts';
import { Button } from '../../components/Button.tsx';
import type { CellRow } from '../../components/CellTable.tsx';
import { CellTable } from '../../components/CellTable.tsx';
import { Select } from '../../components/Field.tsx';
import { Panel } from '../../components/Panel.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import type { Shape } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import { useTimeFormat } from '../../state/react.ts';
import { StateMark } from './StateMark.tsx';
import { useOlder } from './useOlder.ts';

type Run = Shape<'RunStatus'>;

const REFRESH_MS = 3_000;
const STATES = ['queued', 'running', 'done', 'failed', 'cancelled'];

interface RunsPanelProps {
  /** Those that are ticked to be compared. */
  readonly chosen: readonly number[];
  readonly isFull: boolean;
  onChoose(run: number): void;
}

export function RunsPanel({ chosen, isFull, onChoose }: RunsPanelProps) {
  const [strategy, setStrategy] = useState('');
  const [state, setState] = useState('');
  const strategies = useApi('/api/thordata/backtest/strategies').data ?? [];
  const query = strategy === '' ? {} : { strategy };
  const answer = useApi('/api/thordata/backtest/runs', { query, refreshMs: REFRESH_MS });
  const older = useOlder('/api/thordata/backtest/runs', query, answer.data?.next ?? null, ({ runs }) => runs);
  const time = useTimeFormat();
  const rowOf = (run: Run): CellRow => {
    const at = toServerTime(run.created_at);
    const { symbols, start, end, parameters } = run.specification as Readonly<Record<string, unknown>>;
    return {
      key: run.id,
      cells: [
        <input
          key="compare"
          type="checkbox"
          aria-label={`Compare run ${run.id}`}
          checked={chosen.includes(run.id)}
          disabled={run.state !== 'done' || (isFull && !chosen.includes(run.id))}
          onChange={() => onChoose(run.id)}
        />,
        <Link key="run" to={runAddress(run.id)}>
          {run.id}
        </Link>,
        <StateMark key="state" status={run} />,
        run.strategy,
        Array.isArray(symbols) ? symbols.join(', ') : '',
        parametersText(parameters),
        `${String(start).slice(0, 10)} to ${String(end).slice(0, 10)}`,
        ratio(run.sharpe),
        run.created_by,
        at === null ? '' : time.text(at, 'moment'),
      ],
    };
  };

  return (
    <Panel
      title="Runs"
      flush
      tools={
        <>
          <Select
            label="Strategy"
            bare
            value={strategy}
            options={[
              { value: '', text: 'Every strategy' },
              ...strategies.map(({ name }) => ({ value: name, text: name })),
            ]}
            onChange={setStrategy}
          />
          <Select
            label="State"
            bare
            value={state}
            options={[{ value: '', text: 'Every state' }, ...STATES.map((value) => ({ value, text: value }))]}
            onChange={setState}
          />
        </>
      }
    >
      <Answered
        answer={answer}
        what="runs"
        isEmpty={({ runs }) => runs.length === 0}
        empty={
          strategy === ''
            ? 'Nothing was run yet; the form above asks for a run.'
            : `${strategy} was never run.`
        }
      >
        {({ runs }) => {
          const shown = [...runs, ...older.items].filter((run) => state === '' || run.state === state);
          return (
            <>
              {shown.length === 0 ? (
                <Empty>No run of these is {state}.</Empty>
              ) : (
                <CellTable
                  label="Runs"
                  columns={[
                    { title: 'Compare' },
                    { title: 'Run', isNumber: true },
                    { title: 'State' },
                    { title: 'Strategy' },
                    { title: 'Symbols' },
                    { title: 'Parameters' },
                    { title: 'Span (UTC)' },
                    { title: 'Sharpe a period', isNumber: true },
                    { title: 'By' },
                    { title: `Asked (${time.zone})` },
                  ]}
                  rows={shown.map(rowOf)}
                />
              )}
              {older.hasMore && (
                <Button look="quiet" disabled={older.isLoading} onClick={older.load}>
                  {older.isLoading ? 'Loading …' : 'Older runs'}
                </Button>
              )}
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}

/** `fast = 5, slow = 20` */
export function parametersText(parameters: unknown): string {
  if (typeof parameters !== 'object' || parameters === null) return '';
  return Object.entries(parameters)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(', ');
}
