// How the dashboard looks and speaks in this browser. Every choice holds at once and is remembered.

import { Button } from '../../components/Button.tsx';
import { Choice } from '../../components/Choice.tsx';
import { playChime } from '../../components/chime.ts';
import { Arrow } from '../../components/Direction.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { Panel } from '../../components/Panel.tsx';
import { COLOUR_NAMES, DENSITY_NAMES, THEME_NAMES, ZONE_NAMES } from '../../components/preferenceNames.ts';
import { SignalChip } from '../../components/SignalChip.tsx';
import { SIGNALS } from '../../domain/quote.ts';
import { ZONE_CHOICES } from '../../domain/zone.ts';
import { COLOURS, DENSITIES, THEMES } from '../../state/preferences.ts';
import { useAtTick, usePreferences, useTimeFormat } from '../../state/react.ts';
import styles from './SettingsPage.module.css';

function options<Value extends string>(values: readonly Value[], names: Readonly<Record<Value, string>>) {
  return values.map((value) => ({ value, text: names[value] }));
}

const ON_OFF = [
  { value: 'on', text: 'On' },
  { value: 'off', text: 'Off' },
] as const;

const onOff = (value: boolean) => (value ? 'on' : 'off');

export function SettingsPage() {
  const [preferences, change] = usePreferences();
  const time = useTimeFormat();
  const now = useAtTick((at) => `${time.text(at, 'moment')} ${time.label(at)}`);
  return (
    <PageFrame title="Settings" about="They hold in this browser.">
      <div className={styles['panels']}>
        <Panel title="Look">
          <div className={styles['choices']}>
            <Choice
              label="Theme"
              labelled
              value={preferences.theme}
              options={options(THEMES, THEME_NAMES)}
              onChange={(theme) => change({ theme })}
            />
            <Choice
              label="Density"
              labelled
              value={preferences.density}
              options={options(DENSITIES, DENSITY_NAMES)}
              onChange={(density) => change({ density })}
            />
            <Choice
              label="Colours of up and down"
              labelled
              value={preferences.colours}
              options={options(COLOURS, COLOUR_NAMES)}
              onChange={(colours) => change({ colours })}
            />
            <p className={styles['sample']} aria-hidden="true">
              <span className={styles['up']}>
                <Arrow direction="up" /> +11.25
              </span>
              <span className={styles['down']}>
                <Arrow direction="down" /> -0.42
              </span>
              {SIGNALS.map((signal) => (
                <SignalChip key={signal} signal={signal} statValue={null} signalWeight={null} muted={false} />
              ))}
            </p>
            <p className={styles['hint']}>
              Blue and orange stay apart for colour-blind readers. Red for up is the custom in China and
              Japan, red and blue in Korea. Arrows, signs and filled chips tell the same without any colour.
            </p>
          </div>
        </Panel>
        <Panel title="Time">
          <div className={styles['choices']}>
            <Choice
              label="Times are told by the clock of"
              labelled
              value={preferences.zone}
              options={options(ZONE_CHOICES, ZONE_NAMES)}
              onChange={(zone) => change({ zone })}
            />
            <p className={styles['hint']}>
              Now: {now}. The exchange's clock is that of the market of each symbol; where no symbol is meant,
              UTC.
            </p>
          </div>
        </Panel>
        <Panel title="Movement and sound">
          <div className={styles['choices']}>
            <Choice
              label="A price that moves is washed with colour"
              labelled
              value={onOff(preferences.flash)}
              options={ON_OFF}
              onChange={(value) => change({ flash: value === 'on' })}
            />
            <p className={styles['hint']}>
              At most three times a second in one place; never where the system asks for less motion.
            </p>
            <Choice
              label="A notification is heard"
              labelled
              value={onOff(preferences.sounds)}
              options={ON_OFF}
              onChange={(value) => change({ sounds: value === 'on' })}
            />
            <div>
              <Button icon="sound" onClick={() => playChime(false)}>
                Play it
              </Button>
            </div>
          </div>
        </Panel>
      </div>
    </PageFrame>
  );
}
