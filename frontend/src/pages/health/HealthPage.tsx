// How Thor fares: what needs a look first, then every part of it.

import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import { useApi } from '../../state/api.ts';
import { BrowserPanel } from './BrowserPanel.tsx';
import { FindingsPanel } from './FindingsPanel.tsx';
import { FreshnessPanel } from './FreshnessPanel.tsx';
import styles from './HealthPage.module.css';
import { ProcessesPanel } from './ProcessesPanel.tsx';
import { RejectsPanel } from './RejectsPanel.tsx';
import { SourcesPanel } from './SourcesPanel.tsx';
import { StreamsPanel } from './StreamsPanel.tsx';
import { ToldPanel } from './ToldPanel.tsx';
import { TriggersPanel } from './TriggersPanel.tsx';
import { troublesOf } from './troubles.ts';
import { useHealth } from './useHealth.ts';
import { VersionsPanel } from './VersionsPanel.tsx';

export function HealthPage() {
  const health = useHealth();
  const providers = useApi('/api/providers', { refreshMs: 3_000 });
  const triggers = useApi('/api/triggers', { refreshMs: 15_000 });
  const { data } = health.answer;
  const troubles = data === undefined ? null : troublesOf(data, providers.data ?? [], triggers.data ?? []);
  return (
    <PageFrame title="Health">
      {troubles !== null && (
        <Panel title={troubles.length === 0 ? 'All is well' : `To look at: ${troubles.length}`} flush>
          {troubles.length === 0 ? (
            <p className={styles['well']}>
              Every process lives, every source is heard, and nothing is behind.
            </p>
          ) : (
            <ul>
              {troubles.map(({ what, why }) => (
                <li key={`${what} ${why}`} className={styles['trouble']}>
                  <strong>{what}</strong> <span>{why}</span>
                </li>
              ))}
            </ul>
          )}
        </Panel>
      )}
      <SourcesPanel answer={providers} />
      <div className={styles['pair']}>
        <ProcessesPanel health={health} />
        <div className={styles['stack']}>
          <StreamsPanel health={health} />
          <TriggersPanel answer={triggers} />
        </div>
      </div>
      <FindingsPanel />
      <div className={styles['pair']}>
        <FreshnessPanel health={health} />
        <div className={styles['stack']}>
          <RejectsPanel total={data?.rejects ?? null} />
          <ToldPanel />
        </div>
      </div>
      <div className={styles['pair']}>
        <BrowserPanel />
        <VersionsPanel health={health} />
      </div>
    </PageFrame>
  );
}
