// The two feeds, or however many there are, beside each other.

import { Panel } from '../../components/Panel.tsx';
import { SourceComparison } from '../../components/SourceComparison.tsx';
import type { Instrument } from '../../domain/instrument.ts';

export function SourcesPanel({ instrument }: { readonly instrument: Instrument }) {
  return (
    <Panel title="Sources" flush about={`prefers ${instrument.preferredSource ?? 'the newest'}`}>
      <SourceComparison instrument={instrument} />
    </Panel>
  );
}
