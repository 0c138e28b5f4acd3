// The list of sweeps.

import { Link } from 'react-router';
import { Answered } from '../../components/Answered.tsx';
import { sweepAddress } from '../../components/addresses.ts';
import { count } from '../../components/amounts.ts';
import { Button } from '../../components/Button.tsx';
import { CellTable } from '../../components/CellTable.tsx';
import { Panel } from '../../components/Panel.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import { useApi } from '../../state/api.ts';
import { useTimeFormat } from '../../state/react.ts';
import { StateMark } from './StateMark.tsx';
import { useOlder } from './useOlder.ts';

const REFRESH_MS = 3_000;

export function SweepsPanel() {
  const answer = useApi('/api/thordata/backtest/sweeps', { refreshMs: REFRESH_MS });
  const older = useOlder(
    '/api/thordata/backtest/sweeps',
    {},
    answer.data?.next ?? null,
    ({ sweeps }) => sweeps,
  );
  const time = useTimeFormat();
  return (
    <Panel title="Sweeps" flush>
      <Answered
        answer={answer}
        what="sweeps"
        isEmpty={({ sweeps }) => sweeps.length === 0}
        empty="Nothing was swept yet; the form above asks for a sweep."
      >
        {({ sweeps }) => (
          <>
            <CellTable
              label="Sweeps"
              columns={[
                { title: 'Sweep' },
                { title: 'State' },
                { title: 'Strategy' },
                { title: 'Combinations', isNumber: true },
                { title: 'By' },
                { title: `Asked (${time.zone})` },
              ]}
              rows={[...sweeps, ...older.items].map((sweep) => {
                const at = toServerTime(sweep.created_at);
                return {
                  key: sweep.id,
                  cells: [
                    <Link key="sweep" to={sweepAddress(sweep.id)}>
                      {sweep.id}
                    </Link>,
                    <StateMark key="state" status={sweep} />,
                    sweep.strategy,
                    count(sweep.combinations),
                    sweep.created_by,
                    at === null ? '' : time.text(at, 'moment'),
                  ],
                };
              })}
            />
            {older.hasMore && (
              <Button look="quiet" disabled={older.isLoading} onClick={older.load}>
                {older.isLoading ? 'Loading …' : 'Older sweeps'}
              </Button>
            )}
          </>
        )}
      </Answered>
    </Panel>
  );
}
