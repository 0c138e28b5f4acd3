// The form of a run or a sweep, made from the strategy's own parameters and from what the lake holds.

import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { Answered, Empty, Failure } from '../../components/Answered.tsx';
import { runAddress, sweepAddress } from '../../components/addresses.ts';
import { Button } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { Field, Select } from '../../components/Field.tsx';
import { Panel } from '../../components/Panel.tsx';
import { longDate } from '../../domain/tradeDate.ts';
import { sendApi } from '../../services/api/client.ts';
import { useApi } from '../../state/api.ts';
import { loginAddress, useCaller } from '../../state/caller.ts';
import { useDashboard, useReadable } from '../../state/react.ts';
import styles from './RunForm.module.css';
import type { Parameter, Strategy, Wanted } from './wanted.ts';
import { combinationsOf, faultOf, OPTIONS, requestOf } from './wanted.ts';

const COUNT = new Intl.NumberFormat('en-US');
const BOOLEANS = [
  { value: 'true', text: 'Yes' },
  { value: 'false', text: 'No' },
];

/** What the lake holds of one symbol. */
interface Held {
  readonly symbol: string;
  readonly first: string;
  readonly last: string;
  readonly ticks: number;
}

/** By the registry's order, symbols of nobody's behind. */
function useHeld() {
  const answer = useApi('/api/thordata/coverage', { query: { format: 'json' } });
  const registry = useReadable(useDashboard().instruments)?.map(({ symbol }) => String(symbol)) ?? [];
  const held = new Map<string, Held>();
  for (const { symbol, date, rows } of answer.data?.items ?? []) {
    if (symbol === null) continue;
    const known = held.get(symbol) ?? { symbol, first: date, last: date, ticks: 0 };
    const [first = date, last = date] = [known.first, date, known.last]
      .toSorted()
      .filter((_, at) => at !== 1);
    held.set(symbol, { symbol, first, last, ticks: known.ticks + (rows ?? 0) });
  }
  const place = (symbol: string) => (registry.includes(symbol) ? registry.indexOf(symbol) : registry.length);
  const ordered = [...held.values()].toSorted((a, b) => place(a.symbol) - place(b.symbol));
  return { answer, held: ordered };
}

export function RunForm({ begun }: { readonly begun: Wanted | null }) {
  const strategies = useApi('/api/thordata/backtest/strategies');
  const { answer, held } = useHeld();
  return (
    <Panel title="Ask for a run">
      <Answered answer={strategies} what="strategies">
        {(known) => (
          <Answered
            answer={answer}
            what="coverage"
            isEmpty={() => held.length === 0}
            empty="The lake holds nothing to run on yet: thor export writes what Postgres holds, thor import brings in files."
          >
            {() => <Form strategies={known} held={held} begun={begun} />}
          </Answered>
        )}
      </Answered>
    </Panel>
  );
}

interface FormProps {
  readonly strategies: readonly Strategy[];
  readonly held: readonly Held[];
  readonly begun: Wanted | null;
}

function firstWanted({ strategies, held, begun }: FormProps): Wanted {
  if (begun !== null) return begun;
  const first = held[0];
  const usual = strategies.find(({ name }) => name === 'sma_cross') ?? strategies[0];
  return {
    strategy: usual?.name ?? '',
    symbols: first === undefined ? [] : [first.symbol],
    start: first?.first ?? '',
    end: first?.last ?? '',
    parameters: {},
    options: {},
    isSweep: false,
  };
}

function Form(props: FormProps) {
  const { strategies, held } = props;
  const [wanted, setWanted] = useState(() => firstWanted(props));
  const change = (changes: Partial<Wanted>) => setWanted((before) => ({ ...before, ...changes }));
  const strategy = strategies.find(({ name }) => name === wanted.strategy);
  const asking = useAsking(wanted, strategy);
  const loadable = strategies.filter(({ error }) => error === null || error === undefined);
  const faulty =
    strategy?.parameters.some(
      (parameter) => faultOf(parameter, wanted.parameters[parameter.name] ?? '', wanted.isSweep) !== null,
    ) ?? true;
  const chosen = held.filter(({ symbol }) => wanted.symbols.includes(symbol));
  const runs = combinationsOf(Object.values(wanted.parameters));
  const mayAsk = useCaller()?.may_write === true;
  const isReady = mayAsk && !faulty && wanted.symbols.length > 0 && !asking.isPending;

  return (
    <form
      className={styles['form']}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (isReady) asking.mutate();
      }}
    >
      <div className={styles['row']}>
        <Select
          label="Strategy"
          value={wanted.strategy}
          options={loadable.map(({ name }) => ({ value: name, text: name }))}
          onChange={(name) => change({ strategy: name, parameters: {} })}
        />
        <Field
          label="First day (UTC)"
          type={isDay(wanted.start) ? 'date' : 'text'}
          required
          value={wanted.start}
          onChange={({ target }) => change({ start: target.value })}
        />
        <Field
          label="Last day (UTC)"
          type={isDay(wanted.end) ? 'date' : 'text'}
          required
          value={wanted.end}
          onChange={({ target }) => change({ end: target.value })}
        />
        <Choice
          label="What is asked for"
          labelled
          value={wanted.isSweep ? 'sweep' : 'run'}
          options={[
            { value: 'run', text: 'One run' },
            { value: 'sweep', text: 'A sweep', title: 'Every combination of several values' },
          ]}
          onChange={(value) => change({ isSweep: value === 'sweep' })}
        />
      </div>
      <p className={styles['note']}>{strategy?.summary}</p>
      <Symbols held={held} chosen={wanted.symbols} onChange={(symbols) => change({ symbols })} />
      <p className={styles['note']}>
        {chosen.length === 0
          ? 'Choose at least one symbol.'
          : chosen
              .map(
                ({ symbol, first, last, ticks }) =>
                  `${symbol}: ${longDate(first)} to ${longDate(last)}, ${COUNT.format(ticks)} ticks`,
              )
              .join('; ')}
      </p>
      {strategy !== undefined && (
        <fieldset className={styles['group']}>
          <legend className={styles['legend']}>
            Parameters{wanted.isSweep && ': several values as 5,10,20 or as 5:55:10 (first, last, step)'}
          </legend>
          <div className={styles['row']}>
            {strategy.parameters.map((parameter) => (
              <ParameterField
                key={parameter.name}
                parameter={parameter}
                text={wanted.parameters[parameter.name] ?? ''}
                isSweep={wanted.isSweep}
                onChange={(text) => change({ parameters: { ...wanted.parameters, [parameter.name]: text } })}
              />
            ))}
          </div>
        </fieldset>
      )}
      <details className={styles['group']} open={Object.values(wanted.options).some((text) => text !== '')}>
        <summary className={styles['legend']}>Costs, bars, margin and the rest</summary>
        <div className={styles['row']}>
          {OPTIONS.filter(({ feed }) => feed === undefined || feed === strategy?.feed).map(
            ({ name, title, hint, usual }) => (
              <Field
                key={name}
                label={title}
                hint={hint}
                size={14}
                placeholder={usual}
                value={wanted.options[name] ?? ''}
                onChange={({ target }) => change({ options: { ...wanted.options, [name]: target.value } })}
              />
            ),
          )}
        </div>
      </details>
      {asking.error !== null && <Failure what={wanted.isSweep ? 'sweep' : 'run'} error={asking.error} />}
      <div className={styles['ask']}>
        <Button look="main" icon="play" submits disabled={!isReady}>
          {wanted.isSweep ? `Sweep ${runs === null ? '' : `${COUNT.format(runs)} combinations`}` : 'Run'}
        </Button>
        <MayNot />
      </div>
    </form>
  );
}

const isDay = (text: string) => text === '' || /^\d{4}-\d{2}-\d{2}$/.test(text);

/** Asks, and goes to where the answer will be. */
function useAsking(wanted: Wanted, strategy: Strategy | undefined) {
  const navigate = useNavigate();
  return useMutation<number, Error, void>({
    mutationFn: async () => {
      if (strategy === undefined) throw new Error('there is no such strategy');
      const path = wanted.isSweep ? '/api/thordata/backtest/sweeps' : '/api/thordata/backtest/runs';
      const status = (await sendApi('POST', path, { body: requestOf(wanted, strategy) })) as { id: number };
      return status.id;
    },
    onSuccess: (id) => void navigate(wanted.isSweep ? sweepAddress(id) : runAddress(id)),
  });
}

export function MayNot() {
  const caller = useCaller();
  const { pathname, search } = useLocation();
  if (caller === null || caller.may_write) return null;
  return (
    <p className={styles['note']}>
      {caller.user === null ? (
        <>
          Asking needs a login: <a href={loginAddress(pathname + search)}>log in</a>, and you are back here.
        </>
      ) : (
        `A ${caller.role} may look at runs, an operator may ask for them.`
      )}
    </p>
  );
}

interface SymbolsProps {
  readonly held: readonly Held[];
  readonly chosen: readonly string[];
  onChange(symbols: readonly string[]): void;
}

function Symbols({ held, chosen, onChange }: SymbolsProps) {
  if (held.length === 0) return <Empty>Nothing is in the lake.</Empty>;
  return (
    <fieldset className={styles['group']}>
      <legend className={styles['legend']}>Symbols that the lake holds</legend>
      <div className={styles['symbols']}>
        {held.map(({ symbol }) => (
          <label key={symbol} className={styles['symbol']}>
            <input
              type="checkbox"
              checked={chosen.includes(symbol)}
              onChange={() =>
                onChange(
                  chosen.includes(symbol) ? chosen.filter((other) => other !== symbol) : [...chosen, symbol],
                )
              }
            />
            {symbol}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface ParameterFieldProps {
  readonly parameter: Parameter;
  readonly text: string;
  readonly isSweep: boolean;
  onChange(text: string): void;
}

function ParameterField({ parameter, text, isSweep, onChange }: ParameterFieldProps) {
  const { name, kind, help, choices } = parameter;
  const usual = String(parameter.default);
  const title = name.replaceAll('_', ' ');
  if (kind === 'boolean' || kind === 'choice') {
    const options = kind === 'boolean' ? BOOLEANS : choices.map((value) => ({ value, text: value }));
    return (
      <Select
        label={title}
        hint={help}
        value={text === '' ? usual : text}
        options={options}
        onChange={onChange}
      />
    );
  }
  return (
    <Field
      label={title}
      hint={help}
      inputMode={isSweep ? 'text' : 'decimal'}
      size={14}
      placeholder={usual}
      value={text}
      fault={faultOf(parameter, text, isSweep)}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}
