// Lines over time or over steps, as SVG: sharp on paper, in the theme's colours, told in one sentence to those who hear.
// For prices that move there is the candle chart.

import type { PointerEvent } from 'react';
import { useEffect, useRef, useState } from 'react';
import styles from './LineChart.module.css';
import { scaleOf, ticksOf } from './lineScale.ts';

export type Point = readonly [x: number, y: number];

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** One of six looks, in colour and in stroke. */
  readonly look: 0 | 1 | 2 | 3 | 4 | 5;
  /** Filled down from 0, as a drawdown is. */
  readonly filled?: boolean;
}

/** The room between two lines of equal x. */
export interface Band {
  readonly name: string;
  readonly low: readonly Point[];
  readonly high: readonly Point[];
}

interface LineChartProps {
  /** What is drawn, for those who hear; its range is said behind it. */
  readonly label: string;
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  readonly height?: number;
  yText(value: number): string;
  xText(value: number): string;
}

const LEFT = 64;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 22;
const USUAL_WIDTH = 860;

export function LineChart({ label, lines, bands = [], height = 220, yText, xText }: LineChartProps) {
  const box = useRef<HTMLElement>(null);
  const width = useWidth(box);
  const [pointed, setPointed] = useState<number | null>(null);
  const all = [...lines.map(({ points }) => points), ...bands.flatMap(({ low, high }) => [low, high])].flat();
  const x = scaleOf(
    all.map(([value]) => value),
    LEFT,
    width - RIGHT,
  );
  const y = scaleOf(
    [...all.map(([, value]) => value), ...(lines.some(({ filled }) => filled) ? [0] : [])],
    height - BOTTOM,
    TOP,
  );
  const first = lines[0]?.points ?? [];
  const here = pointed === null ? null : nearest(first, x.value(pointed));

  const path = (points: readonly Point[]) =>
    points.map(
      ([at, value], n) => `${n === 0 ? 'M' : 'L'}${x.place(at).toFixed(1)} ${y.place(value).toFixed(1)}`,
    );

  function point(event: PointerEvent<SVGSVGElement>): void {
    const { left, width: drawn } = event.currentTarget.getBoundingClientRect();
    setPointed(((event.clientX - left) / drawn) * width);
  }

  if (first.length < 2) return <p className={styles['few']}>Too few points for a line.</p>;
  const range = `from ${yText(y.least)} to ${yText(y.most)}, ${xText(x.least)} to ${xText(x.most)}`;
  return (
    <figure ref={box} className={styles['chart']}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${label}, ${range}`}
        className={styles['drawing']}
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
      >
        {ticksOf(y.least, y.most, 5).map((value) => (
          <g key={value}>
            <line
              x1={LEFT}
              x2={width - RIGHT}
              y1={y.place(value)}
              y2={y.place(value)}
              className={styles['grid']}
            />
            <text x={LEFT - 8} y={y.place(value) + 4} textAnchor="end" className={styles['text']}>
              {yText(value)}
            </text>
          </g>
        ))}
        {[0, 0.5, 1].map((share) => (
          <text
            key={share}
            x={LEFT + share * (width - LEFT - RIGHT)}
            y={height - 6}
            textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
            className={styles['text']}
          >
            {xText(x.least + share * (x.most - x.least))}
          </text>
        ))}
        {bands.map(({ name, low, high }) => (
          <path
            key={name}
            d={`${[...path(high), ...path(low.toReversed()).map((step) => step.replace('M', 'L'))].join('')}Z`}
            className={styles['band']}
          />
        ))}
        {lines.map(({ name, points, look, filled = false }) => (
          <g key={name} className={styles['line']} data-look={look}>
            {filled && (
              <path
                d={`${path(points).join('')}L${x.place(points.at(-1)?.[0] ?? 0)} ${y.place(0)}L${x.place(points[0]?.[0] ?? 0)} ${y.place(0)}Z`}
                className={styles['fill']}
              />
            )}
            <path d={path(points).join('')} className={styles['stroke']} />
          </g>
        ))}
        {here !== null && (
          <line
            x1={x.place(here)}
            x2={x.place(here)}
            y1={TOP}
            y2={height - BOTTOM}
            className={styles['cursor']}
          />
        )}
      </svg>
      <figcaption className={styles['legend']}>
        {here !== null && <span className={styles['when']}>{xText(here)}</span>}
        {lines.map(({ name, points, look }) => {
          const value = valueAt(points, here);
          return (
            <span key={name} className={styles['name']} data-look={look}>
              <svg aria-hidden="true" viewBox="0 0 18 6" width={18} height={6}>
                <path d="M0 3H18" className={styles['stroke']} />
              </svg>
              {name}
              {value !== null && <strong> {yText(value)}</strong>}
            </span>
          );
        })}
        {bands.map(({ name }) => (
          <span key={name} className={styles['name']}>
            <svg aria-hidden="true" viewBox="0 0 18 8" width={18} height={8}>
              <path d="M0 0H18V8H0Z" className={styles['band']} />
            </svg>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** The width that there is, so that letters keep their size. */
function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(USUAL_WIDTH);
  useEffect(() => {
    if (box.current === null) return;
    const seen = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    seen.observe(box.current);
    return () => seen.disconnect();
  }, [box]);
  return width;
}

/** The x of the point nearest to a place. */
function nearest(points: readonly Point[], wanted: number): number | null {
  let best: number | null = null;
  for (const [at] of points) if (best === null || Math.abs(at - wanted) < Math.abs(best - wanted)) best = at;
  return best;
}

/** The last value at or before a place; the newest without one. */
function valueAt(points: readonly Point[], at: number | null): number | null {
  if (at === null) return points.at(-1)?.[1] ?? null;
  return points.findLast(([x]) => x <= at)?.[1] ?? null;
}
