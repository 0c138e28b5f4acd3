// A run or a sweep before its result: it waits, is at work, was cancelled or has failed.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from '../../components/Button.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import type { Shape } from '../../services/api/client.ts';
import { sendApi } from '../../services/api/client.ts';
import { useCaller } from '../../state/caller.ts';
import { useDashboard, useTimeFormat } from '../../state/react.ts';
import { isAtWork, StateMark } from './StateMark.tsx';
import styles from './Waiting.module.css';

type Status = Shape<'RunStatus'> | Shape<'SweepStatus'>;
type CancelPath = '/api/thordata/backtest/runs/{run}/cancel' | '/api/thordata/backtest/sweeps/{sweep}/cancel';

interface WaitingProps {
  readonly status: Status;
  readonly cancelPath: CancelPath;
}

export function Waiting({ status, cancelPath }: WaitingProps) {
  const time = useTimeFormat();
  const { toasts } = useDashboard();
  const queries = useQueryClient();
  const mayCancel = useCaller()?.may_write === true;
  const name = cancelPath.includes('{run}') ? 'run' : 'sweep';
  const cancelling = useMutation<unknown, Error, void>({
    mutationFn: () => sendApi('POST', cancelPath, { path: { [name]: status.id } }),
    onSettled: () => queries.invalidateQueries(),
    onError: (error) =>
      toasts.show({ tone: 'bad', title: `The ${name} was not cancelled`, text: error.message }),
  });
  const moment = (text: string | null) => {
    const at = text === null ? null : toServerTime(text);
    return at === null ? NOTHING : `${time.text(at, 'moment')} ${time.label(at)}`;
  };
  return (
    <Panel
      title="State"
      tools={
        isAtWork(status) && (
          <Button
            look="danger"
            disabled={!mayCancel || cancelling.isPending}
            onClick={() => cancelling.mutate()}
          >
            Cancel
          </Button>
        )
      }
    >
      <div className={styles['now']} role="status">
        <StateMark status={status} />
        {isAtWork(status) && (
          <span className={styles['soft']}>
            {status.state === 'queued'
              ? 'It waits for a worker; a running Thor has one.'
              : `${status.work ?? 'beginning'}${status.share === null ? '' : `, ${Math.round(status.share * 100)}%`}`}
          </span>
        )}
      </div>
      {status.error !== null && (
        <p className={styles['fault']} role="alert">
          <code>{status.error.code}</code> {status.error.message}
        </p>
      )}
      <Facts
        facts={[
          ['Asked', `${moment(status.created_at)} by ${status.created_by || 'nobody known'}`],
          ['Begun', moment(status.started_at)],
          ['Ended', moment(status.finished_at)],
          ['Tries', String(status.attempts)],
        ]}
      />
    </Panel>
  );
}
