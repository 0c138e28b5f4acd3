// Writing a rule: what its kind needs and no more. The server decides whether it is right, and says so at the field.

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Field, Select } from '../../components/Field.tsx';
import { sendApi } from '../../services/api/client.ts';
import styles from './AlertsPage.module.css';
import type { Draft, Kind, Rule, Signal } from './rules.ts';
import { faultOf, inputOf, KINDS, PARTS, SIGNALS } from './rules.ts';

const KIND_CHOICES = Object.entries(KINDS).map(([value, text]) => ({ value, text }));
const SEVERITIES = [
  { value: 'info', text: 'Info' },
  { value: 'warning', text: 'Warning' },
  { value: 'critical', text: 'Critical: also in quiet hours' },
];
const SIDES = [
  { value: 'above', text: 'Above' },
  { value: 'below', text: 'Below' },
];
const BEYOND = { value: 'beyond', text: 'Beyond, either way' };
const LIMITS: Readonly<Partial<Record<Kind, readonly [label: string, hint: string]>>> = {
  threshold: ['Level', 'A price; of TOTAL its sum of signal weights.'],
  change: ['Percent', 'Of the previous settlement.'],
  stale_feed: ['Seconds of silence', '30 when empty.'],
  source_lost: ['Seconds of silence', '10 when empty.'],
};
const FIELDS = new Set([
  'name',
  'symbols',
  'markets',
  'sources',
  'limit',
  'rearm',
  'cooldown_s',
  'side',
  'signals',
]);

interface RuleFormProps {
  /** The rule that is changed; null for a new one. */
  readonly rule: Rule | null;
  readonly start: Draft;
  onDone(): void;
}

export function RuleForm({ rule, start, onDone }: RuleFormProps) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(start);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const saving = useMutation({
    mutationFn: () =>
      rule === null
        ? sendApi('POST', '/api/alerts/rules', { body: inputOf(draft) })
        : sendApi('PUT', '/api/alerts/rules/{rule_id}', { path: { rule_id: rule.id }, body: inputOf(draft) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/api/alerts/rules'] });
      onDone();
    },
  });
  const fault = saving.error === null ? null : faultOf(saving.error.message);
  const of = (field: string) => (fault?.field === field ? fault.text : null);
  const parts = new Set(PARTS[draft.kind]);
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const [limit, limitHint] = LIMITS[draft.kind] ?? ['', ''];
  return (
    <form
      ref={form}
      className={styles['form']}
      aria-label={rule === null ? 'New rule' : `Change ${rule.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onDone();
      }}
    >
      <div className={styles['fields']}>
        <Field
          label="Name"
          value={draft.name}
          required
          maxLength={100}
          fault={of('name')}
          onChange={({ target }) => change({ name: target.value })}
        />
        <Select
          label="When"
          options={KIND_CHOICES}
          value={draft.kind}
          onChange={(kind) => change({ kind: kind as Kind, side: 'above' })}
        />
        {parts.has('symbols') && (
          <Field
            label="Symbols"
            value={draft.symbols}
            placeholder="ES, NQ"
            required={draft.kind === 'threshold'}
            hint={draft.kind === 'threshold' ? 'TOTAL is the composite.' : 'All when empty.'}
            fault={of('symbols')}
            onChange={({ target }) => change({ symbols: target.value })}
          />
        )}
        {parts.has('sources') && (
          <Field
            label="Sources"
            value={draft.sources}
            placeholder="TOS, SCHWAB"
            hint="All when empty."
            fault={of('sources')}
            onChange={({ target }) => change({ sources: target.value })}
          />
        )}
        {parts.has('markets') && (
          <Field
            label="Markets"
            value={draft.markets}
            placeholder="NYSE"
            hint="Those of the instruments when empty."
            fault={of('markets')}
            onChange={({ target }) => change({ markets: target.value })}
          />
        )}
        {parts.has('side') && (
          <Select
            label="To the side"
            options={draft.kind === 'change' ? [...SIDES, BEYOND] : SIDES}
            value={draft.side}
            fault={of('side')}
            onChange={(side) => change({ side: side as Draft['side'] })}
          />
        )}
        {parts.has('limit') && (
          <Field
            label={limit}
            inputMode="decimal"
            value={draft.limit}
            required={parts.has('side')}
            hint={limitHint}
            fault={of('limit')}
            onChange={({ target }) => change({ limit: target.value })}
          />
        )}
        {parts.has('rearm') && (
          <Field
            label="Armed again after"
            inputMode="decimal"
            value={draft.rearm}
            placeholder="0"
            hint="So far back behind the level."
            fault={of('rearm')}
            onChange={({ target }) => change({ rearm: target.value })}
          />
        )}
        {parts.has('again') && (
          <Field
            label="Cool-down in seconds"
            inputMode="numeric"
            pattern="[0-9]*"
            value={draft.cooldown}
            placeholder="0"
            fault={of('cooldown_s')}
            onChange={({ target }) => change({ cooldown: target.value })}
          />
        )}
        <Select
          label="Severity"
          options={SEVERITIES}
          value={draft.severity}
          onChange={(severity) => change({ severity: severity as Draft['severity'] })}
        />
      </div>
      {parts.has('signals') && (
        <fieldset className={styles['ticks']}>
          <legend>It becomes</legend>
          {(Object.entries(SIGNALS) as [Signal, string][]).map(([signal, text]) => (
            <label key={signal}>
              <input
                type="checkbox"
                checked={draft.signals.includes(signal)}
                onChange={({ target }) =>
                  change({
                    signals: target.checked
                      ? [...draft.signals, signal]
                      : draft.signals.filter((other) => other !== signal),
                  })
                }
              />{' '}
              {text}
            </label>
          ))}
          {of('signals') !== null && <span className={styles['fault']}>{of('signals')}</span>}
        </fieldset>
      )}
      {parts.has('again') && (
        <label className={styles['tick']}>
          <input
            type="checkbox"
            checked={draft.once}
            onChange={({ target }) => change({ once: target.checked })}
          />{' '}
          Only once: it then switches itself off
        </label>
      )}
      {fault !== null && !FIELDS.has(fault.field) && (
        <p role="alert" className={styles['fault']}>
          {fault.text}
        </p>
      )}
      <div className={styles['buttons']}>
        <Button look="main" submits disabled={saving.isPending}>
          {rule === null ? 'Make the rule' : 'Keep it'}
        </Button>
        <Button onClick={onDone}>Leave it</Button>
      </div>
    </form>
  );
}
