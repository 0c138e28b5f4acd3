// The chart itself: lightweight-charts behind the few verbs that the page needs. It knows no React and fetches nothing.
// Times stay UTC inside; they are only told in the reader's zone, so that no hour is doubled when clocks change.

import type {
  IChartApi,
  ISeriesApi,
  ISeriesMarkersPluginApi,
  LogicalRange,
  MouseEventParams,
  SeriesMarker,
  Time,
  UTCTimestamp,
} from 'lightweight-charts';
import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
  LineStyle,
  TickMarkType,
} from 'lightweight-charts';
import type { Bar } from '../../domain/indicators.ts';
import type { PriceDisplay } from '../../domain/priceAxis.ts';
import { axisText } from '../../domain/priceAxis.ts';
import type { ChartColours } from './chartColours.ts';
import type { ChartLine } from './chartLines.ts';
import type { Shade } from './sessionShading.ts';
import { createShading } from './sessionShading.ts';

export interface ChartMarker {
  /** Seconds UTC of the bar that it belongs to. */
  readonly time: number;
  readonly direction: 'up' | 'down';
  readonly text: string;
}

export interface ChartOptions {
  readonly display: PriceDisplay;
  readonly tick: number;
  readonly colours: ChartColours;
  /** How an instant (seconds UTC) is told: on the axis by day or by minute, beside the crosshair whole. */
  timeText(seconds: number, shape: 'day' | 'minute' | 'whole'): string;
  /** The bar under the crosshair; null when it is nowhere. */
  onCrosshair(bar: Bar | null): void;
  /** The reader has come near the oldest bar. */
  onOldest(): void;
}

export interface Chart {
  /** Draws these bars instead of the ones before; the reader's place is kept when only older ones were added. */
  setBars(bars: readonly Bar[]): void;
  /** Shows every bar at once. */
  showAll(): void;
  /** Draws the newest bar anew, or adds it. Cheap: at most one such change a frame is asked for. */
  updateBar(bar: Bar): void;
  setLines(lines: readonly ChartLine[]): void;
  setMarkers(markers: readonly ChartMarker[]): void;
  setShades(shades: readonly Shade[]): void;
  setColours(colours: ChartColours): void;
  /** Has the times told anew. */
  retell(): void;
  remove(): void;
}

/** So many bars from the oldest, the page before is asked for. */
const NEAR_OLDEST = 40;

/** So many bars are shown at first; few are not drawn as if they were many. */
const firstShown = (count: number) => Math.min(140, Math.max(70, count + 2));

const at = (seconds: number) => seconds as UTCTimestamp;

function axisShape(type: TickMarkType): 'day' | 'minute' {
  return type === TickMarkType.Time || type === TickMarkType.TimeWithSeconds ? 'minute' : 'day';
}

export function openChart(box: HTMLElement, options: ChartOptions): Chart {
  let { colours } = options;
  let bars: readonly Bar[] = [];
  const chart: IChartApi = createChart(box, { autoSize: true });
  const candles = chart.addSeries(CandlestickSeries, {
    priceFormat: {
      type: 'custom',
      minMove: options.tick,
      formatter: (price: number) => axisText(price, options.display),
    },
  });
  const volume = chart.addSeries(HistogramSeries, {
    priceFormat: { type: 'volume' },
    priceScaleId: 'volume',
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.22 } });
  const markers: ISeriesMarkersPluginApi<Time> = createSeriesMarkers(candles, []);
  const shading = createShading();
  candles.attachPrimitive(shading.primitive);
  let lines: ISeriesApi<'Line' | 'Histogram'>[] = [];
  let shown: readonly ChartMarker[] = [];

  const volumeColour = (bar: Bar) => (bar.close >= bar.open ? colours.upWash : colours.downWash);

  function dress(): void {
    chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colours.panel },
        textColor: colours.textSoft,
        fontFamily: colours.type,
        fontSize: 11,
        panes: { separatorColor: colours.line, separatorHoverColor: colours.lineStrong },
      },
      grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: { borderColor: colours.line },
      timeScale: { borderColor: colours.line, timeVisible: true, secondsVisible: false, rightOffset: 4 },
    });
    candles.applyOptions({
      upColor: colours.up,
      downColor: colours.down,
      wickUpColor: colours.up,
      wickDownColor: colours.down,
      borderVisible: false,
    });
    shading.setColours(colours);
  }

  function tellTimes(): void {
    chart.applyOptions({
      localization: {
        timeFormatter: (time: Time) => options.timeText(Number(time), 'whole'),
      },
      timeScale: {
        tickMarkFormatter: (time: Time, type: TickMarkType) =>
          options.timeText(Number(time), axisShape(type)),
      },
    });
  }

  function drawVolume(): void {
    volume.setData(bars.map((bar) => ({ time: at(bar.time), value: bar.volume, color: volumeColour(bar) })));
  }

  function drawMarkers(): void {
    markers.setMarkers(
      shown.map(
        ({ time, direction, text }): SeriesMarker<Time> => ({
          time: at(time),
          position: direction === 'down' ? 'aboveBar' : 'belowBar',
          shape: direction === 'up' ? 'arrowUp' : 'arrowDown',
          color: direction === 'up' ? colours.up : colours.down,
          text,
        }),
      ),
    );
  }

  const onCrosshair = ({ time }: MouseEventParams) =>
    options.onCrosshair(time === undefined ? null : (bars.find((bar) => bar.time === Number(time)) ?? null));
  const onRange = (range: LogicalRange | null) => {
    if (range !== null && range.from < NEAR_OLDEST && bars.length > 0) options.onOldest();
  };

  dress();
  tellTimes();
  chart.subscribeCrosshairMove(onCrosshair);
  chart.timeScale().subscribeVisibleLogicalRangeChange(onRange);

  return {
    setBars(next) {
      const isFirst = bars.length === 0;
      bars = next;
      candles.setData(next.map((bar) => ({ ...bar, time: at(bar.time) })));
      drawVolume();
      if (isFirst && next.length > 0) {
        chart
          .timeScale()
          .setVisibleLogicalRange({ from: next.length - firstShown(next.length), to: next.length + 4 });
      }
    },
    showAll: () => chart.timeScale().fitContent(),
    updateBar(bar) {
      const newest = bars.at(-1);
      if (newest !== undefined && bar.time < newest.time) return;
      bars = newest?.time === bar.time ? [...bars.slice(0, -1), bar] : [...bars, bar];
      candles.update({ ...bar, time: at(bar.time) });
      volume.update({ time: at(bar.time), value: bar.volume, color: volumeColour(bar) });
    },
    setLines(next) {
      for (const line of lines) chart.removeSeries(line);
      lines = next.map(({ kind, pane, title, colour, values, dashed }) => {
        const data = values.flatMap(({ time, value }) => (value === null ? [] : [{ time: at(time), value }]));
        const shared = { title, lastValueVisible: pane > 0, priceLineVisible: false };
        const format = pane > 0 ? {} : { priceFormat: candles.options().priceFormat };
        const series =
          kind === 'bars'
            ? chart.addSeries(HistogramSeries, { ...shared, color: colour }, pane)
            : chart.addSeries(
                LineSeries,
                {
                  ...shared,
                  ...format,
                  color: colour,
                  lineWidth: 1,
                  lineStyle: dashed ? LineStyle.Dashed : LineStyle.Solid,
                  crosshairMarkerVisible: false,
                },
                pane,
              );
        series.setData(data);
        return series;
      });
      chart.panes().forEach((pane, place) => {
        pane.setStretchFactor(place === 0 ? 3 : 1);
      });
    },
    setMarkers(next) {
      shown = next;
      drawMarkers();
    },
    setShades: shading.setShades,
    setColours(next) {
      colours = next;
      dress();
      drawVolume();
      drawMarkers();
    },
    retell: tellTimes,
    remove() {
      chart.unsubscribeCrosshairMove(onCrosshair);
      chart.remove();
    },
  };
}
