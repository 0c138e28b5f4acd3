// The rules: what each says in a sentence, switched on and off, changed, removed after a second press.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Answered } from '../../components/Answered.tsx';
import { Button } from '../../components/Button.tsx';
import { Panel } from '../../components/Panel.tsx';
import { State } from '../../components/State.tsx';
import { toServerTime } from '../../domain/nominal.ts';
import { sendApi } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import { useDashboard, useTimeFormat } from '../../state/react.ts';
import styles from './AlertsPage.module.css';
import { RuleForm } from './RuleForm.tsx';
import type { Rule } from './rules.ts';
import { draftOf, inputOf, NEW_DRAFT, sentenceOf } from './rules.ts';

const PATH = '/api/alerts/rules';

/** `symbol`: a new rule on it is begun at once. */
export function RulesPanel({
  mayWrite,
  symbol,
}: {
  readonly mayWrite: boolean;
  readonly symbol: string | null;
}) {
  const answer = useApi(PATH, { refreshMs: 15_000 });
  const [edited, setEdited] = useState<Rule | 'new' | null>(symbol === null ? null : 'new');
  return (
    <Panel
      title="Rules"
      tools={
        mayWrite && (
          <Button look="main" icon="plus" onClick={() => setEdited('new')}>
            New rule
          </Button>
        )
      }
      flush
    >
      {mayWrite && edited !== null && (
        <RuleForm
          key={edited === 'new' ? 'new' : edited.id}
          rule={edited === 'new' ? null : edited}
          start={edited === 'new' ? { ...NEW_DRAFT, symbols: symbol ?? '' } : draftOf(edited)}
          onDone={() => setEdited(null)}
        />
      )}
      <Answered
        answer={answer}
        what="rules"
        isEmpty={(found) => found.length === 0}
        empty="There is no rule: nothing will be told."
      >
        {(found) => (
          <ul aria-label="Rules">
            {found.map((rule) => (
              <RuleRow key={rule.id} rule={rule} onEdit={mayWrite ? () => setEdited(rule) : null} />
            ))}
          </ul>
        )}
      </Answered>
    </Panel>
  );
}

/** `onEdit` is null for whoever may only look. */
function RuleRow({ rule, onEdit }: { readonly rule: Rule; onEdit: (() => void) | null }) {
  const queries = useQueryClient();
  const { toasts } = useDashboard();
  const time = useTimeFormat();
  const [leaving, setLeaving] = useState(false);
  const path = { rule_id: rule.id };
  const sending = {
    onSuccess: () => queries.invalidateQueries({ queryKey: [PATH] }),
    onError: (error: Error) =>
      toasts.show({ tone: 'bad', title: 'The rule was not changed', text: error.message }),
  };
  const switching = useMutation({
    mutationFn: () =>
      sendApi('PUT', '/api/alerts/rules/{rule_id}', {
        path,
        body: { ...inputOf(draftOf(rule)), enabled: !rule.enabled },
      }),
    ...sending,
  });
  const removing = useMutation({
    mutationFn: () => sendApi('DELETE', '/api/alerts/rules/{rule_id}', { path }),
    ...sending,
  });
  const told = rule.last_told_at === null ? null : toServerTime(rule.last_told_at);
  const again = [
    ...(rule.once ? ['once'] : []),
    ...(rule.cooldown_s > 0 ? [`not again within ${rule.cooldown_s} s`] : []),
    ...rule.channels,
  ];
  return (
    <li className={styles['rule']}>
      <div className={styles['words']}>
        <p>
          <strong>{rule.name}</strong>{' '}
          <State tone={rule.enabled ? 'good' : 'plain'} text={rule.enabled ? 'on' : 'off'} />
        </p>
        <p>When {sentenceOf(rule)}</p>
        <p className={styles['note']}>
          {[
            rule.severity,
            ...again,
            `version ${rule.version}${rule.author === '' ? '' : ` by ${rule.author}`}`,
            told === null ? 'never told' : `told ${time.text(told, 'moment')}`,
          ].join(' · ')}
        </p>
      </div>
      {onEdit !== null && (
        <div className={styles['buttons']}>
          <Button
            aria-label={`${rule.enabled ? 'Switch off' : 'Switch on'}: ${rule.name}`}
            disabled={switching.isPending}
            onClick={() => switching.mutate()}
          >
            {rule.enabled ? 'Switch off' : 'Switch on'}
          </Button>
          <Button aria-label={`Change: ${rule.name}`} onClick={onEdit}>
            Change
          </Button>
          <Button
            look={leaving ? 'danger' : 'plain'}
            aria-label={`${leaving ? 'Remove for good' : 'Remove'}: ${rule.name}`}
            disabled={removing.isPending}
            onBlur={() => setLeaving(false)}
            onClick={() => (leaving ? removing.mutate() : setLeaving(true))}
          >
            {leaving ? 'Remove for good' : 'Remove'}
          </Button>
        </div>
      )}
    </li>
  );
}
