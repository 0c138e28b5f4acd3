// The source badge of a row. Whoever rests on it, by pointer or by keys, sees what the sources that do not stand say;
// in a day told again it is the badge alone, since nobody knows any more what they said.

import { useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import type { Instrument } from '../../domain/instrument.ts';
import type { SourceName } from '../../domain/nominal.ts';
import type { Mark } from '../../domain/quote.ts';
import { useDashboard } from '../../state/react.ts';
import { SourceBadge } from '../SourceBadge.tsx';
import { SourceComparison } from '../SourceComparison.tsx';
import styles from './RowSource.module.css';

/** Resting so long shows it; passing over does not. */
const REST_MS = 250;

interface RowSourceProps {
  readonly instrument: Instrument;
  readonly source: SourceName;
  readonly marks: readonly Mark[];
}

export function RowSource(props: RowSourceProps) {
  const { origin } = useDashboard();
  return origin === 'live' ? <LiveSource {...props} /> : <SourceBadge {...props} />;
}

function LiveSource({ instrument, source, marks }: RowSourceProps) {
  const badge = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!shown || panel.current === null || badge.current === null) return;
    const from = badge.current.getBoundingClientRect();
    panel.current.showPopover?.();
    panel.current.style.left = `${Math.max(8, from.right - panel.current.offsetWidth)}px`;
    const below = from.bottom + 6;
    const fits = below + panel.current.offsetHeight < window.innerHeight;
    panel.current.style.top = `${fits ? below : from.top - panel.current.offsetHeight - 6}px`;
  }, [shown]);

  const rest = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setShown(true), REST_MS);
  };
  const leave = () => {
    clearTimeout(timer.current);
    setShown(false);
  };

  return (
    <>
      <button
        ref={badge}
        type="button"
        tabIndex={-1}
        className={styles['badge']}
        aria-expanded={shown}
        onPointerEnter={rest}
        onPointerLeave={leave}
        onBlur={leave}
        onClick={() => setShown(!shown)}
      >
        <SourceBadge source={source} marks={marks} />
      </button>
      {shown &&
        // Outside the grid, whose cells look otherwise.
        createPortal(
          <div ref={panel} popover="manual" className={styles['panel']} role="tooltip">
            <p className={styles['title']}>{instrument.symbol}: what the sources say</p>
            <SourceComparison instrument={instrument} />
          </div>,
          document.body,
        )}
    </>
  );
}
