// Stored bars as candles: of one trade date, or of every date in sight. Fetched apart from the page, since a chart weighs.

import { useEffect, useMemo, useRef, useState } from 'react';
import { Answered } from '../../components/Answered.tsx';
import { Choice } from '../../components/Choice.tsx';
import { BarLegend } from '../../components/chart/BarLegend.tsx';
import chartStyles from '../../components/chart/chart.module.css';
import type { Chart } from '../../components/chart/chart.ts';
import { openChart } from '../../components/chart/chart.ts';
import { readColours } from '../../components/chart/chartColours.ts';
import { joinPages } from '../../components/chart/storedBars.ts';
import { useChartColours } from '../../components/chart/useChartColours.ts';
import { useSessions } from '../../components/chart/useSessions.ts';
import { Panel } from '../../components/Panel.tsx';
import type { Bar } from '../../domain/indicators.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { serverTime } from '../../domain/nominal.ts';
import { useApi } from '../../state/api.ts';
import { useTimeFormat } from '../../state/react.ts';
import type { Interval } from './interval.ts';
import { fittingIntervals } from './interval.ts';
import type { Selection } from './selection.ts';

const NO_BARS: readonly Bar[] = [];

interface BarsPanelProps {
  readonly selection: Selection;
  /** Null where the registry does not know the symbol. */
  readonly instrument: Instrument | null;
  readonly interval: Interval;
  onInterval(interval: Interval): void;
}

export function BarsPanel({ selection, instrument, interval, onInterval }: BarsPanelProps) {
  const { symbol, span, clean, name } = selection;
  const time = useTimeFormat(instrument?.market ?? null);
  const answer = useApi('/api/thordata/bars', {
    query: { symbol, start: span.start, end: span.end, interval, clean, format: 'json' },
  });
  const items = answer.data?.items;
  const bars = useMemo(() => (items === undefined ? NO_BARS : joinPages([items])), [items]);
  return (
    <Panel
      title={`${symbol}, ${name}`}
      about={`${bars.length} bars, ${time.zone}${clean ? ', cleaned' : ''}`}
      flush
      tools={
        <Choice
          label="Interval"
          value={interval}
          options={fittingIntervals(span).map((value) => ({ value, text: value }))}
          onChange={onInterval}
        />
      }
    >
      <Answered
        answer={answer}
        what="bars"
        isEmpty={() => bars.length === 0}
        empty="No tick with a last price is kept of this."
      >
        {() => (
          <Drawn
            key={`${symbol} ${span.start} ${span.end} ${interval}`}
            symbol={symbol}
            bars={bars}
            interval={interval}
            instrument={instrument}
          />
        )}
      </Answered>
    </Panel>
  );
}

interface DrawnProps {
  readonly symbol: string;
  readonly bars: readonly Bar[];
  readonly interval: Interval;
  readonly instrument: Instrument | null;
}

function Drawn({ symbol, bars, interval, instrument }: DrawnProps) {
  const box = useRef<HTMLElement>(null);
  const chart = useRef<Chart | null>(null);
  const [pointed, setPointed] = useState<Bar | null>(null);
  const colours = useChartColours(box);
  const time = useTimeFormat(instrument?.market ?? null);
  const { shades } = useSessions(instrument?.market ?? null, bars, interval === '1d');
  const format = useRef(time);
  format.current = time;
  const display = instrument?.display ?? 2;

  // biome-ignore lint/correctness/useExhaustiveDependencies: opened once; colours and times are brought up to date below
  useEffect(() => {
    if (box.current === null) return;
    const opened = openChart(box.current, {
      display,
      tick: instrument?.tick ?? 0.01,
      colours: readColours(box.current),
      timeText: (seconds, shape) => {
        const instant = serverTime(seconds * 1_000);
        if (shape === 'whole')
          return `${format.current.text(instant, 'moment')} ${format.current.label(instant)}`;
        return format.current.text(instant, shape);
      },
      onCrosshair: setPointed,
      onOldest: () => undefined,
    });
    chart.current = opened;
    return () => {
      chart.current = null;
      opened.remove();
    };
  }, []);

  useEffect(() => {
    chart.current?.setBars(bars);
    chart.current?.showAll();
  }, [bars]);
  useEffect(() => chart.current?.setShades(shades), [shades]);
  useEffect(() => {
    if (colours !== null) chart.current?.setColours(colours);
  }, [colours]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chart reads the format through `format`
  useEffect(() => chart.current?.retell(), [time]);

  const told = pointed ?? bars.at(-1) ?? null;
  return (
    <div className={chartStyles['chart']}>
      {told !== null && (
        <BarLegend bar={told} display={display} text={time.text(serverTime(told.time * 1_000), 'moment')} />
      )}
      <figure
        ref={box}
        className={chartStyles['box']}
        aria-label={`Candles of ${symbol}, ${interval} each, ${bars.length} of them`}
      />
    </div>
  );
}
