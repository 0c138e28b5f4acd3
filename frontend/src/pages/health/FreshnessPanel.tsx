// How fresh each symbol is, against what its market does: silence means something only while somebody should speak.

import { Link } from 'react-router';
import { Answered } from '../../components/Answered.tsx';
import { symbolAddress } from '../../components/addresses.ts';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import type { Tone } from '../../components/State.tsx';
import { State } from '../../components/State.tsx';
import { Table } from '../../components/Table.tsx';
import { formatAge } from '../../domain/time.ts';
import type { HealthAnswers } from './useHealth.ts';

const TONES: Readonly<Record<string, Tone>> = {
  fresh: 'good',
  stale: 'bad',
  silent: 'wait',
  closed: 'plain',
};
const WORDS: Readonly<Record<string, string>> = { silent: 'no quote yet', closed: 'market closed' };
const ORDER = ['stale', 'silent', 'fresh', 'closed'];

export function FreshnessPanel({ health }: { readonly health: HealthAnswers }) {
  return (
    <Panel title="Freshness" flush>
      <Answered answer={health.answer} what="symbols" isEmpty={({ symbols }) => symbols.length === 0}>
        {({ symbols }) => (
          <Table
            label="Freshness"
            rows={symbols.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))}
            keyOf={({ symbol }) => symbol}
            columns={[
              {
                title: 'Symbol',
                isText: true,
                draw: ({ symbol }) => <Link to={symbolAddress(symbol)}>{symbol}</Link>,
              },
              {
                title: 'State',
                isText: true,
                draw: ({ state }) => <State tone={TONES[state] ?? 'plain'} text={WORDS[state] ?? state} />,
              },
              { title: 'Age', draw: ({ age_ms }) => (age_ms === null ? NOTHING : formatAge(age_ms)) },
              { title: 'Source', isText: true, draw: ({ source }) => source ?? NOTHING },
              {
                title: 'Market',
                isText: true,
                isWide: true,
                draw: ({ market, phase }) =>
                  market === null ? NOTHING : `${market.replaceAll('_', ' ')} · ${phase ?? NOTHING}`,
              },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}
