// What was told: filtered, newest first, older ones behind a button; acknowledged one by one or all that are shown.

import { useState } from 'react';
import { Link } from 'react-router';
import { Empty, Failure, Loading } from '../../components/Answered.tsx';
import { symbolAddress } from '../../components/addresses.ts';
import { Button } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { Field, Select } from '../../components/Field.tsx';
import { Panel } from '../../components/Panel.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './AlertsPage.module.css';
import { KINDS } from './rules.ts';
import type { Told, ToldFilter } from './useTold.ts';
import { useAcknowledge, useTold } from './useTold.ts';

const EVERYTHING: ToldFilter = { unacknowledged: false, kind: '', severity: '', symbol: '' };
const SYMBOL = /^[A-Z0-9$][A-Z0-9.$_/-]{0,31}$/;

const KIND_CHOICES = [
  { value: '', text: 'Every kind' },
  ...Object.entries(KINDS).map(([value, text]) => ({ value, text })),
  { value: 'alert', text: 'From a trigger' },
];
const SEVERITIES = [
  { value: '', text: 'Every severity' },
  { value: 'info', text: 'Info' },
  { value: 'warning', text: 'Warning' },
  { value: 'critical', text: 'Critical' },
];
const SEEN = [
  { value: 'all', text: 'All' },
  { value: 'new', text: 'New' },
] as const;

export function ToldPanel({ mayWrite }: { readonly mayWrite: boolean }) {
  const [filter, setFilter] = useState(EVERYTHING);
  const [symbol, setSymbol] = useState('');
  const change = (changes: Partial<ToldFilter>) => setFilter({ ...filter, ...changes });
  const answer = useTold(filter);
  const acknowledge = useAcknowledge();
  const found = answer.data?.pages.flat() ?? [];
  const fresh = found.filter(({ acknowledged_at }) => acknowledged_at === null).map(({ id }) => id);
  return (
    <Panel
      title="Alerts"
      about={fresh.length === 0 ? undefined : `${fresh.length} new`}
      tools={
        mayWrite && (
          <Button
            disabled={fresh.length === 0 || acknowledge.isPending}
            onClick={() => acknowledge.mutate(fresh.slice(0, 200))}
          >
            Acknowledge all shown
          </Button>
        )
      }
      flush
    >
      <div className={styles['filters']}>
        <Choice
          label="Which alerts"
          value={filter.unacknowledged ? 'new' : 'all'}
          options={SEEN}
          onChange={(seen) => change({ unacknowledged: seen === 'new' })}
        />
        <Select
          label="Kind"
          bare
          options={KIND_CHOICES}
          value={filter.kind}
          onChange={(kind) => change({ kind })}
        />
        <Select
          label="Severity"
          bare
          options={SEVERITIES}
          value={filter.severity}
          onChange={(severity) => change({ severity: severity as ToldFilter['severity'] })}
        />
        <Field
          label="Symbol"
          bare
          placeholder="Symbol"
          value={symbol}
          size={8}
          maxLength={32}
          onChange={({ target }) => {
            const typed = target.value.toUpperCase();
            setSymbol(typed);
            // What is no symbol filters nothing.
            change({ symbol: SYMBOL.test(typed) ? typed : '' });
          }}
        />
      </div>
      {answer.data === undefined && answer.error === null && <Loading what="alerts" />}
      {answer.error !== null && (
        <Failure what="alerts" error={answer.error} onRetry={() => void answer.refetch()} />
      )}
      {answer.data !== undefined && found.length === 0 && (
        <Empty>{filter === EVERYTHING ? 'Nothing was told yet.' : 'Nothing fits the filter.'}</Empty>
      )}
      <ul aria-label="Alerts">
        {found.map((told) => (
          <ToldRow
            key={told.id}
            told={told}
            onAcknowledge={mayWrite ? () => acknowledge.mutate([told.id]) : null}
          />
        ))}
      </ul>
      {answer.hasNextPage && (
        <div className={styles['older']}>
          <Button disabled={answer.isFetchingNextPage} onClick={() => void answer.fetchNextPage()}>
            Older ones
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** `onAcknowledge` is null for whoever may not. */
function ToldRow({ told, onAcknowledge }: { readonly told: Told; onAcknowledge: (() => void) | null }) {
  const time = useTimeFormat();
  const moment = (text: string) => {
    const at = toServerTime(text);
    return at === null ? '' : `${time.text(at, 'moment')} ${time.label(at)}`;
  };
  const seen = told.acknowledged_at;
  return (
    <li className={styles['told']} data-severity={told.severity} data-seen={seen !== null}>
      <div className={styles['words']}>
        <p>
          <strong>{told.title}</strong>
        </p>
        <p className={styles['note']}>{told.text}</p>
        <p className={styles['note']}>
          {told.severity} · {moment(told.created_at)}
          {told.symbol !== '' && told.symbol !== 'TOTAL' && (
            <>
              {' · '}
              <Link to={symbolAddress(told.symbol)}>{told.symbol}</Link>
            </>
          )}
          {told.value !== null && ` · value ${told.value}`}
          {told.rule_version !== null && ` · rule version ${told.rule_version}`}
          {told.event_id !== '' && ` · event ${told.event_id}`}
        </p>
        {seen !== null && (
          <p className={styles['note']}>
            Acknowledged{told.acknowledged_by === '' ? '' : ` by ${told.acknowledged_by}`}, {moment(seen)}
          </p>
        )}
      </div>
      {seen === null && onAcknowledge !== null && (
        <Button onClick={onAcknowledge} aria-label={`Acknowledge: ${told.title}`}>
          Acknowledge
        </Button>
      )}
    </li>
  );
}
