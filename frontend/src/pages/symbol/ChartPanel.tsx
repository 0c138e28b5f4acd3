// The chart of a symbol with its choices: interval, indicators, zone. Fetched apart from the page, since a chart weighs.

import { useEffect, useMemo, useRef, useState } from 'react';
import { Answered } from '../../components/Answered.tsx';
import { Choice } from '../../components/Choice.tsx';
import { BarLegend } from '../../components/chart/BarLegend.tsx';
import chartStyles from '../../components/chart/chart.module.css';
import type { Chart } from '../../components/chart/chart.ts';
import { openChart } from '../../components/chart/chart.ts';
import { readColours } from '../../components/chart/chartColours.ts';
import type { Indicator } from '../../components/chart/chartLines.ts';
import { INDICATOR_NAMES, INDICATORS, indicatorLines } from '../../components/chart/chartLines.ts';
import { useChartColours } from '../../components/chart/useChartColours.ts';
import { useSessions } from '../../components/chart/useSessions.ts';
import { Icon } from '../../components/Icon.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Popover } from '../../components/Popover.tsx';
import { ZONE_NAMES } from '../../components/preferenceNames.ts';
import type { Bar } from '../../domain/indicators.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { serverTime } from '../../domain/nominal.ts';
import { isMock } from '../../domain/staleness.ts';
import { ZONE_CHOICES } from '../../domain/zone.ts';
import { useDashboard, usePreferences, useQuote, useTimeFormat } from '../../state/react.ts';
import type { Interval } from './bars.ts';
import { carriedOn, INTERVALS } from './bars.ts';
import styles from './ChartPanel.module.css';
import { useBars } from './useBars.ts';

import { useSignalMarkers } from './useSignalMarkers.ts';

export function ChartPanel({ instrument }: { readonly instrument: Instrument }) {
  const [interval, setInterval] = useState<Interval>('1m');
  const [chosen, setChosen] = useState<readonly Indicator[]>(['vwap']);
  const [{ zone }, change] = usePreferences();
  const quote = useQuote(instrument.symbol);
  const time = useTimeFormat(instrument.market);
  const mock = quote === null ? null : isMock(quote);
  return (
    <Panel
      title="Chart"
      flush
      about={time.zone}
      tools={
        <>
          <Choice
            label="Interval"
            value={interval}
            options={INTERVALS.map((value) => ({ value, text: value }))}
            onChange={setInterval}
          />
          <Popover
            label="Indicators"
            worded
            button={
              <>
                <Icon name="symbol" size={16} /> Indicators
              </>
            }
          >
            {() => (
              <fieldset className={styles['indicators']}>
                <legend className="only-heard">Indicators</legend>
                {INDICATORS.map((indicator) => (
                  <label key={indicator} className={styles['indicator']}>
                    <input
                      type="checkbox"
                      checked={chosen.includes(indicator)}
                      onChange={() =>
                        setChosen(
                          chosen.includes(indicator)
                            ? chosen.filter((other) => other !== indicator)
                            : [...chosen, indicator],
                        )
                      }
                    />
                    {INDICATOR_NAMES[indicator]}
                  </label>
                ))}
              </fieldset>
            )}
          </Popover>
          <Choice
            label="Times are told by the clock of"
            value={zone}
            options={ZONE_CHOICES.map((value) => ({ value, text: ZONE_NAMES[value] }))}
            onChange={(choice) => change({ zone: choice })}
          />
        </>
      }
    >
      {mock === null ? (
        <p className={styles['none']}>The chart begins with the first quote.</p>
      ) : (
        <ChartBox
          key={`${interval} ${mock}`}
          instrument={instrument}
          interval={interval}
          mock={mock}
          chosen={chosen}
        />
      )}
    </Panel>
  );
}

interface ChartBoxProps {
  readonly instrument: Instrument;
  readonly interval: Interval;
  /** Whether the bars of the made-up market are meant. */
  readonly mock: boolean;
  readonly chosen: readonly Indicator[];
}

function ChartBox({ instrument, interval, mock, chosen }: ChartBoxProps) {
  const { answer, bars, loadOlder } = useBars(instrument.symbol, interval, mock);
  return (
    <Answered
      answer={answer}
      what="bars"
      isEmpty={() => bars.length === 0}
      empty="No bar has been stored yet; the chart fills itself as soon as there is one."
    >
      {() => (
        <Drawn
          instrument={instrument}
          interval={interval}
          bars={bars}
          chosen={chosen}
          loadOlder={loadOlder}
        />
      )}
    </Answered>
  );
}

interface DrawnProps extends Omit<ChartBoxProps, 'mock'> {
  readonly bars: readonly Bar[];
  loadOlder(): void;
}

function Drawn({ instrument, interval, bars, chosen, loadOlder }: DrawnProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const [pointed, setPointed] = useState<Bar | null>(null);
  const [newest, setNewest] = useState<Bar | null>(null);
  const colours = useChartColours(box);
  const time = useTimeFormat(instrument.market);
  const sessions = useSessions(instrument.market, bars, interval === '1d');
  const markers = useSignalMarkers(instrument.symbol, bars, interval);
  const calls = useRef({ time, loadOlder });
  calls.current = { time, loadOlder };

  // biome-ignore lint/correctness/useExhaustiveDependencies: opened once; colours and times are brought up to date below
  useEffect(() => {
    if (box.current === null) return;
    const opened = openChart(box.current, {
      display: instrument.display,
      tick: instrument.tick ?? 0.01,
      colours: readColours(box.current),
      timeText: (seconds, shape) => {
        const instant = serverTime(seconds * 1_000);
        const format = calls.current.time;
        if (shape === 'whole') return `${format.text(instant, 'moment')} ${format.label(instant)}`;
        return format.text(instant, shape);
      },
      onCrosshair: setPointed,
      onOldest: () => calls.current.loadOlder(),
    });
    chart.current = opened;
    return () => {
      chart.current = null;
      opened.remove();
    };
  }, [instrument.symbol]);

  useEffect(() => chart.current?.setBars(bars), [bars]);
  useEffect(() => chart.current?.setMarkers(markers), [markers]);
  useEffect(() => chart.current?.setShades(sessions.shades), [sessions.shades]);
  useEffect(() => {
    if (colours !== null) chart.current?.setColours(colours);
  }, [colours]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chart reads the format through `calls`
  useEffect(() => chart.current?.retell(), [time]);

  const lines = useMemo(
    () => (colours === null ? [] : indicatorLines(chosen, bars, colours, sessions.startsDay)),
    [chosen, bars, colours, sessions.startsDay],
  );
  useEffect(() => chart.current?.setLines(lines), [lines]);

  useNewestBar(instrument, interval, bars, (bar) => {
    chart.current?.updateBar(bar);
    setNewest(bar);
  });

  const told = pointed ?? newest ?? bars.at(-1) ?? null;
  return (
    <div className={chartStyles['chart']}>
      {told !== null && (
        <BarLegend
          bar={told}
          display={instrument.display}
          text={time.text(serverTime(told.time * 1_000), 'moment')}
        />
      )}
      <figure
        ref={box}
        className={chartStyles['box']}
        aria-label={`Candles of ${instrument.symbol}, ${interval} each`}
      />
    </div>
  );
}

/** Calls `draw` with the newest bar, at most once a frame, as events come. */
function useNewestBar(
  { symbol }: Instrument,
  interval: Interval,
  bars: readonly Bar[],
  draw: (bar: Bar) => void,
): void {
  const { watch } = useDashboard();
  const newest = useRef<Bar | null>(null);
  const latest = useRef(draw);
  latest.current = draw;

  useEffect(() => {
    const stored = bars.at(-1) ?? null;
    if (stored !== null && (newest.current === null || stored.time >= newest.current.time))
      newest.current = stored;
  }, [bars]);

  useEffect(() => {
    let due = 0;
    const end = watch(symbol, (quotes) => {
      for (const quote of quotes)
        newest.current = carriedOn(newest.current, quote, interval) ?? newest.current;
      if (due !== 0) return;
      due = requestAnimationFrame(() => {
        due = 0;
        if (newest.current !== null) latest.current(newest.current);
      });
    });
    return () => {
      end();
      cancelAnimationFrame(due);
    };
  }, [watch, symbol, interval]);
}
