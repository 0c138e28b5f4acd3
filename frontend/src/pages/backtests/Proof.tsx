// What a result stands on: whether it looks ahead, what exactly was asked, and which data and code made it.

import { Link } from 'react-router';
import { Empty } from '../../components/Answered.tsx';
import { count } from '../../components/amounts.ts';
import { CellTable } from '../../components/CellTable.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { serverTime } from '../../domain/nominal.ts';
import { useTimeFormat } from '../../state/react.ts';
import styles from './Report.module.css';
import type { Result } from './Report.tsx';

interface PartProps {
  readonly result: Result;
}

const VERDICTS: Readonly<Record<string, string>> = {
  clean: 'nothing of the future was used',
  look_ahead: 'IT LOOKS AHEAD',
  not_repeatable: 'NOT REPEATABLE',
  nothing_decided: 'nothing to audit',
};

export function AuditPanel({ result }: PartProps) {
  const { audit } = result;
  if (audit == null)
    return (
      <Panel title="Does it look ahead?">
        <Empty>This run is older than the audit: ask for one like it to have one.</Empty>
      </Panel>
    );
  return (
    <Panel title="Does it look ahead?">
      <Facts
        facts={[
          ['Verdict', <strong key="verdict">{VERDICTS[audit.verdict] ?? audit.verdict}</strong>],
          ['How it was asked', audit.method],
          ['Times without the future', `${count(audit.cuts)}, ${count(audit.differing_cuts)} of them differ`],
          ['Decisions', count(audit.decisions)],
          ['Made again from the past alone', count(audit.windows)],
          ['Rows of the past that suffice', count(audit.warm_up)],
          ...audit.findings.map(({ code, text }) => [code.replaceAll('_', ' '), text] as const),
        ]}
      />
    </Panel>
  );
}

export function WantedPanel({ result }: PartProps) {
  const { parameters, ...rest } = result.specification;
  const told = (value: unknown) =>
    value === null ? 'not set' : Array.isArray(value) ? value.join(', ') : String(value);
  return (
    <Panel title="What was asked">
      <Facts
        facts={[
          ...Object.entries(parameters).map(([name, value]) => [name, told(value)] as const),
          ...Object.entries(rest).map(([name, value]) => [name.replaceAll('_', ' '), told(value)] as const),
        ]}
      />
      <details className={styles['proof']}>
        <summary>The exact configuration</summary>
        <pre className={styles['code']}>{JSON.stringify(result.specification, null, 2)}</pre>
      </details>
    </Panel>
  );
}

const MATCHES = new Map<boolean | null, string>([
  [true, 'equal'],
  [false, 'DIFFERENT'],
  [null, 'not checked: too many events'],
]);

export function ProvenancePanel({ result }: PartProps) {
  const { data, parity, code } = result;
  const time = useTimeFormat();
  const moment = (microseconds: number) => time.text(serverTime(microseconds / 1_000), 'moment');
  const hash = (text: string) => <span className={styles['code']}>{text}</span>;
  const [first, last] = [data.partitions[0]?.date, data.partitions.at(-1)?.date];
  return (
    <Panel title="Data, code and proof" about="the same inputs give the same bits">
      <Facts
        facts={[
          ['Data hash', hash(data.hash)],
          ['Result digest', hash(result.digest)],
          ['Code', hash(`${code.digest} (thor_fast ${code.thor_fast})`)],
          ['Sources', data.sources.join(', ')],
          ['Events', count(data.events)],
          ['First, last', `${moment(data.first_us)}, ${moment(data.last_us)} (${time.zone})`],
          ['Signals live and here', parity == null ? 'not compared' : (MATCHES.get(parity.match) ?? '')],
          [
            'In the history',
            <Link
              key="history"
              to={`/history?from=${first ?? ''}&to=${last ?? ''}&symbol=${result.specification.symbols[0] ?? ''}`}
            >
              Look at the ticks that were read
            </Link>,
          ],
        ]}
      />
      <details className={styles['proof']}>
        <summary>{count(data.partitions.length)} files of the lake, with their SHA-256</summary>
        <CellTable
          label="Files of the lake"
          isLong
          columns={[
            { title: 'Trade date' },
            { title: 'Symbol' },
            { title: 'Rows', isNumber: true },
            { title: 'SHA-256' },
          ]}
          rows={data.partitions.map((part) => ({
            key: `${part.date} ${part.symbol}`,
            cells: [part.date, part.symbol, count(part.rows), hash(part.sha256)],
          }))}
        />
      </details>
    </Panel>
  );
}
