// What the server answered, or why it has not: loading, failed with a way to ask again, empty, and only then the content.

import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import styles from './Answered.module.css';
import { Button } from './Button.tsx';

export function Loading({ what }: { readonly what: string }) {
  return (
    <p className={styles['quiet']} aria-busy="true">
      <span aria-hidden="true" className={styles['wheel']} />
      Loading {what} …
    </p>
  );
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className={styles['quiet']}>{children}</p>;
}

interface FailureProps {
  readonly what: string;
  readonly error: Error;
  onRetry?(): void;
}

export function Failure({ what, error, onRetry }: FailureProps) {
  return (
    <div className={styles['failure']} role="alert">
      <p>
        <strong>No {what}:</strong> {error.message}
      </p>
      {onRetry !== undefined && <Button onClick={onRetry}>Ask again</Button>}
    </div>
  );
}

interface AnsweredProps<Value> {
  readonly answer: UseQueryResult<Value, Error>;
  /** What was asked for, in the plural or without an article: `bars`, `coverage`. */
  readonly what: string;
  /** Whether there is nothing in the answer; `empty` is then drawn. */
  isEmpty?(value: Value): boolean;
  readonly empty?: ReactNode;
  children(value: Value): ReactNode;
}

/** Content that was read once stays while it is read again, also when that fails. */
export function Answered<Value>({ answer, what, isEmpty, empty, children }: AnsweredProps<Value>) {
  const { data, error } = answer;
  if (data === undefined) {
    if (error !== null) return <Failure what={what} error={error} onRetry={() => void answer.refetch()} />;
    return <Loading what={what} />;
  }
  if (isEmpty?.(data) === true) return <Empty>{empty ?? `There are no ${what}.`}</Empty>;
  return (
    <>
      {error !== null && (
        <Failure what={`newer ${what}`} error={error} onRetry={() => void answer.refetch()} />
      )}
      {children(data)}
    </>
  );
}
