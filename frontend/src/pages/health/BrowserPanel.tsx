// This browser's own connection, which the server cannot know of.

import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { useAtTick, useDashboard, useReadable, useTimeFormat } from '../../state/react.ts';

export function BrowserPanel() {
  const { status, clock, malformed, quotes } = useDashboard();
  const { kind, since } = useReadable(status);
  const refused = useReadable(malformed);
  const time = useTimeFormat();
  const known = useAtTick(() => quotes.all.get().size);
  return (
    <Panel title="This browser">
      <Facts
        facts={[
          ['Feed', kind.replace('_', ' ')],
          ['Since', time.text(clock.toServerTime(since), 'clock')],
          ['Symbols with a quote', String(known)],
          ['Unreadable events', String(refused)],
          ['One connection for all tabs', typeof SharedWorker === 'undefined' ? 'no, one each' : 'yes'],
        ]}
      />
    </Panel>
  );
}
