// What runs, in which version.

import { Answered } from '../../components/Answered.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import type { HealthAnswers } from './useHealth.ts';

const TITLES: Readonly<Record<string, string>> = {
  thor: 'Thor',
  thor_fast: 'Rust core',
  python: 'Python',
  postgres: 'Postgres',
  configuration: 'Configuration of signals',
  calendars: 'Calendars',
};

export function VersionsPanel({ health }: { readonly health: HealthAnswers }) {
  return (
    <Panel title="Versions">
      <Answered answer={health.answer} what="versions">
        {({ versions }) => (
          <Facts facts={Object.entries(versions).map(([name, version]) => [TITLES[name] ?? name, version])} />
        )}
      </Answered>
    </Panel>
  );
}
