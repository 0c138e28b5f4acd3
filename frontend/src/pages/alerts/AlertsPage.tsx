// What was told and what shall be: alerts to take note of, and the rules behind them.

import { useLocation, useSearchParams } from 'react-router';
import { Button } from '../../components/Button.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { loginAddress, useCaller } from '../../state/caller.ts';
import { usePreferences } from '../../state/react.ts';
import styles from './AlertsPage.module.css';
import { RulesPanel } from './RulesPanel.tsx';
import { ToldPanel } from './ToldPanel.tsx';

export function AlertsPage() {
  const caller = useCaller();
  const mayWrite = caller?.may_write ?? false;
  const { pathname, search } = useLocation();
  const [query] = useSearchParams();
  const [{ sounds }, change] = usePreferences();
  return (
    <PageFrame
      title="Alerts"
      about={
        caller !== null &&
        !mayWrite &&
        (caller.user === null ? (
          <>
            <a href={loginAddress(pathname + search)}>Log in</a> to write rules and to acknowledge.
          </>
        ) : (
          'A viewer may look; an operator writes rules and acknowledges.'
        ))
      }
      tools={
        <Button icon="sound" aria-pressed={sounds} onClick={() => change({ sounds: !sounds })}>
          {sounds ? 'Sound is on' : 'Sound is off'}
        </Button>
      }
    >
      <div className={styles['pair']}>
        <ToldPanel mayWrite={mayWrite} />
        <RulesPanel mayWrite={mayWrite} symbol={query.get('symbol')} />
      </div>
    </PageFrame>
  );
}
