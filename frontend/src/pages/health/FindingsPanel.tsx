// What is doubtful about the thresholds of the signals; nothing is drawn while nothing is.

import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { useApi } from '../../state/api.ts';

export function FindingsPanel() {
  const { data } = useApi('/api/signals/findings', { refreshMs: 60_000 });
  if (data === undefined || data.length === 0) return null;
  return (
    <Panel title="Doubts about thresholds">
      <Facts
        facts={data.map(({ symbol, code, message }) => [`${symbol}: ${code.replaceAll('_', ' ')}`, message])}
      />
    </Panel>
  );
}
