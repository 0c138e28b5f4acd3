// What was asked of the past: runs and sweeps, the newest first, and the form for another one.

import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { Answered, Failure } from '../../components/Answered.tsx';
import { compareAddress } from '../../components/addresses.ts';
import { Button } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import { useApi } from '../../state/api.ts';
import { RunForm } from './RunForm.tsx';
import { RunsPanel } from './RunsPanel.tsx';
import { SweepsPanel } from './SweepsPanel.tsx';
import { wantedOf } from './wanted.ts';

const MOST_COMPARED = 10;

export function BacktestsPage() {
  const [parameters, setParameters] = useSearchParams();
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const navigate = useNavigate();
  const kind = parameters.get('kind') === 'sweeps' ? 'sweeps' : 'runs';
  const from = Number(parameters.get('from') ?? '');
  return (
    <PageFrame
      title="Backtests"
      about="What a signal would have paid."
      tools={
        <>
          <Choice
            label="List"
            value={kind}
            options={[
              { value: 'runs', text: 'Runs' },
              { value: 'sweeps', text: 'Sweeps' },
            ]}
            onChange={(value) => setParameters(value === 'sweeps' ? { kind: value } : {})}
          />
          <Button
            disabled={chosen.length < 2}
            title="Two to ten finished runs, ticked in the list"
            onClick={() => void navigate(compareAddress(chosen))}
          >
            {chosen.length < 2 ? 'Compare' : `Compare ${chosen.length} runs`}
          </Button>
        </>
      }
    >
      {from > 0 ? <FormLikeRun key={from} run={from} /> : <RunForm begun={null} />}
      {kind === 'sweeps' ? (
        <SweepsPanel />
      ) : (
        <RunsPanel
          chosen={chosen}
          isFull={chosen.length >= MOST_COMPARED}
          onChoose={(run) =>
            setChosen(chosen.includes(run) ? chosen.filter((other) => other !== run) : [...chosen, run])
          }
        />
      )}
    </PageFrame>
  );
}

/** The form begun with what an earlier run was asked. */
function FormLikeRun({ run }: { readonly run: number }) {
  const answer = useApi('/api/thordata/backtest/runs/{run}', { path: { run } });
  if (answer.error !== null)
    return (
      <Panel title="Ask for a run">
        <Failure what={`run ${run}`} error={answer.error} />
      </Panel>
    );
  return (
    <Answered answer={answer} what={`run ${run}`}>
      {({ specification }) => <RunForm begun={wantedOf(specification)} />}
    </Answered>
  );
}
