// One run: how far it is, then its report.

import { Link, useParams } from 'react-router';
import { Answered } from '../../components/Answered.tsx';
import { BACKTESTS_PATH } from '../../components/addresses.ts';
import { Button } from '../../components/Button.tsx';
import { Notice } from '../../components/Notice.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { HttpFailure } from '../../services/http.ts';
import { useApi } from '../../state/api.ts';
import styles from './Report.module.css';
import { Report } from './Report.tsx';
import { isAtWork } from './StateMark.tsx';
import { Waiting } from './Waiting.tsx';

const REFRESH_MS = 1_000;

export function RunPage() {
  const asked = Number(useParams()['run'] ?? '');
  const run = Number.isSafeInteger(asked) && asked > 0 ? asked : 0;
  // Read again only while that can change anything; a run that is done stays as it is.
  const first = useApi('/api/thordata/backtest/runs/{run}', { path: { run }, when: run > 0 });
  const working = first.data !== undefined && isAtWork(first.data);
  const status = useApi('/api/thordata/backtest/runs/{run}', {
    path: { run },
    when: run > 0,
    ...(working ? { refreshMs: REFRESH_MS } : {}),
  });
  const isMissing = status.error instanceof HttpFailure && [400, 404].includes(status.error.status);
  if (run === 0 || isMissing)
    return (
      <Notice title={`There is no run ${String(run || '')}`}>
        <title>No such run · Thor</title>
        <Link to={BACKTESTS_PATH}>To all backtests</Link>
      </Notice>
    );
  const isDone = status.data?.state === 'done';
  return (
    <PageFrame
      title={`Run ${run}`}
      about={status.data?.strategy}
      tools={
        <span className={styles['tools']}>
          <Link to={BACKTESTS_PATH}>All backtests</Link>
          <Link to={`${BACKTESTS_PATH}?from=${run}`}>Ask for one like it</Link>
          {isDone && (
            <>
              <a href={`/api/thordata/backtest/runs/${run}/result`} target="_blank" rel="noreferrer">
                JSON
              </a>
              <a href={`/api/thordata/backtest/runs/${run}/report`} target="_blank" rel="noreferrer">
                One-file report
              </a>
              <Button onClick={() => window.print()}>Print</Button>
            </>
          )}
        </span>
      }
    >
      <Answered answer={status} what={`run ${run}`}>
        {(found) =>
          found.state === 'done' ? (
            <Result run={run} />
          ) : (
            <Waiting status={found} cancelPath="/api/thordata/backtest/runs/{run}/cancel" />
          )
        }
      </Answered>
    </PageFrame>
  );
}

function Result({ run }: { readonly run: number }) {
  const answer = useApi('/api/thordata/backtest/runs/{run}/result', { path: { run } });
  return (
    <Answered answer={answer} what="result">
      {(result) => <Report result={result} />}
    </Answered>
  );
}
