// TOTAL: the one figure of the whole list, with what it is made of. Everything in it is the server's; nothing is added up here.

import type { Contribution, Total } from '../../domain/total.ts';
import { useDashboard, useReadable } from '../../state/react.ts';
import { NOTHING } from '../Price.tsx';
import { SignalChip } from '../SignalChip.tsx';
import styles from './TotalTile.module.css';

/** The score lies between this and its negative. */
const GREATEST_SCORE = 2;
const MOST_BARS = 16;

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return value > 0 ? `+${text}` : text;
}

export function TotalTile({ outdated }: { readonly outdated: boolean }) {
  const total = useReadable(useDashboard().total);
  return (
    <section className={styles['tile']} aria-label="TOTAL, the composite" data-old={outdated}>
      <div className={styles['head']}>
        <h2 className={styles['title']}>TOTAL</h2>
        {total === null ? (
          <span className={styles['quiet']}>not told yet</span>
        ) : (
          <SignalChip
            signal={total.signal}
            statValue={null}
            signalWeight={total.weightSum}
            muted={outdated}
            size="large"
          />
        )}
      </div>
      {total !== null && <Figures total={total} />}
      {total !== null && <Contributions contributions={total.contributions} />}
    </section>
  );
}

function Figures({ total }: { readonly total: Total }) {
  const { score, weightSum, used, expected, live, suppressed, missing, stale } = total;
  return (
    <>
      <dl className={styles['figures']}>
        <div className={styles['figure']}>
          <dt>Score</dt>
          <dd>
            <span className={styles['number']}>{score === null ? NOTHING : signed(score, 2)}</span>
            <ScoreBar score={score} />
          </dd>
        </div>
        <div className={styles['figure']}>
          <dt>Weight sum</dt>
          <dd className={styles['number']}>{signed(weightSum, 0)}</dd>
        </div>
        <div className={styles['figure']}>
          <dt>Used</dt>
          <dd>
            <span className={styles['number']}>{used}</span> of {expected}
          </dd>
        </div>
        <div className={styles['figure']}>
          <dt>Live</dt>
          <dd>
            <span className={styles['number']}>{live}</span> of {expected}
          </dd>
        </div>
      </dl>
      {(suppressed || missing.length > 0 || stale.length > 0) && (
        <p className={styles['caveat']}>
          {suppressed && <span>A strong class is held back: too few symbols are live.</span>}
          {missing.length > 0 && <span>Missing: {missing.join(', ')}.</span>}
          {stale.length > 0 && <span>Stale: {stale.join(', ')}.</span>}
        </p>
      )}
    </>
  );
}

function ScoreBar({ score }: { readonly score: number | null }) {
  if (score === null) return null;
  const share = Math.min(1, Math.abs(score) / GREATEST_SCORE) / 2;
  const start = score < 0 ? 0.5 - share : 0.5;
  return (
    <span aria-hidden="true" className={styles['scoreBar']}>
      <span
        className={styles['scorePart']}
        data-direction={score < 0 ? 'down' : 'up'}
        style={{ insetInlineStart: `${start * 100}%`, inlineSize: `${share * 100}%` }}
      />
      <span className={styles['zero']} />
    </span>
  );
}

/** The greatest parts, in display order. */
function shownParts(contributions: readonly Contribution[]): readonly Contribution[] {
  if (contributions.length <= MOST_BARS) return contributions;
  const greatest = new Set(
    contributions
      .toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value))
      .slice(0, MOST_BARS)
      .map(({ symbol }) => symbol),
  );
  return contributions.filter(({ symbol }) => greatest.has(symbol));
}

function Contributions({ contributions }: { readonly contributions: readonly Contribution[] }) {
  const shown = shownParts(contributions);
  const greatest = Math.max(0.01, ...shown.map(({ value }) => Math.abs(value)));
  const left = contributions.length - shown.length;
  return (
    <ul
      className={styles['parts']}
      aria-label="What each symbol adds to the score before it is divided by the weights"
    >
      {shown.map(({ symbol, value }) => (
        <li key={symbol} className={styles['part']} title={`${symbol} ${signed(value, 2)}`}>
          <span aria-hidden="true" className={styles['track']}>
            <span
              className={styles['bar']}
              data-direction={value < 0 ? 'down' : 'up'}
              style={{ blockSize: `${(Math.abs(value) / greatest) * 50}%` }}
            />
          </span>
          <span className={styles['symbol']}>{symbol}</span>
          <span className={styles['value']}>{value === 0 ? '0' : signed(value, 1)}</span>
        </li>
      ))}
      {left > 0 && <li className={styles['quiet']}>and {left} smaller</li>}
    </ul>
  );
}
