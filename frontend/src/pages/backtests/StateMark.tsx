// How far a run or a sweep is, in a word and, while it is at work, as a bar.

import type { Shape } from '../../services/api/client.ts';
import styles from './StateMark.module.css';

type Status = Pick<Shape<'RunStatus'>, 'state' | 'share' | 'work' | 'error'>;

export function isAtWork({ state }: Pick<Status, 'state'>): boolean {
  return state === 'queued' || state === 'running';
}

export function StateMark({ status }: { readonly status: Status }) {
  const { state, share, work, error } = status;
  return (
    <span className={styles['mark']} data-state={state} title={error?.message}>
      {state}
      {state === 'running' && (
        <>
          {' '}
          <progress
            className={styles['bar']}
            value={share ?? undefined}
            max={1}
            aria-label={work ?? 'at work'}
          />
        </>
      )}
    </span>
  );
}
