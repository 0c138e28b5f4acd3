// Shading behind the candles: bars outside the regular phase are darker, and every second trade date has another ground,
// so that a session can be told from its neighbours at a glance.

import type {
  IChartApi,
  IPrimitivePaneRenderer,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from 'lightweight-charts';
import type { ChartColours } from './chartColours.ts';

/** Bars next to each other that share a ground; both ends are bars, in seconds UTC. */
export interface Shade {
  readonly from: number;
  readonly to: number;
  readonly kind: 'other-day' | 'outside';
}

const OPACITY: Readonly<Record<Shade['kind'], number>> = { 'other-day': 0.05, outside: 0.14 };

export interface Shading {
  readonly primitive: ISeriesPrimitive<Time>;
  setShades(shades: readonly Shade[]): void;
  setColours(colours: ChartColours): void;
}

export function createShading(): Shading {
  let attached: SeriesAttachedParameter<Time> | null = null;
  let shades: readonly Shade[] = [];
  let colour = 'gray';

  /** Half a bar beyond the ends, so that neighbouring shades meet. */
  function edges(chart: IChartApi, { from, to }: Shade): [number, number] | null {
    const scale = chart.timeScale();
    const first = scale.timeToIndex(from as UTCTimestamp, true);
    const last = scale.timeToIndex(to as UTCTimestamp, true);
    if (first === null || last === null) return null;
    const left = scale.logicalToCoordinate((first - 0.5) as Logical);
    const right = scale.logicalToCoordinate((last + 0.5) as Logical);
    return left === null || right === null ? null : [left, right];
  }

  const view = {
    zOrder: () => 'bottom' as const,
    renderer: () => ({
      draw(target: Parameters<IPrimitivePaneRenderer['draw']>[0]) {
        const chart = attached?.chart;
        if (chart === undefined) return;
        // biome-ignore lint/correctness/useHookAtTopLevel: no hook, only called like one
        target.useMediaCoordinateSpace(({ context, mediaSize }) => {
          for (const shade of shades) {
            const found = edges(chart as IChartApi, shade);
            if (found === null || found[1] < 0 || found[0] > mediaSize.width) continue;
            context.globalAlpha = OPACITY[shade.kind];
            context.fillStyle = colour;
            context.fillRect(found[0], 0, found[1] - found[0], mediaSize.height);
          }
          context.globalAlpha = 1;
        });
      },
    }),
  };
  const views = [view];

  return {
    primitive: {
      attached(parameters) {
        attached = parameters;
      },
      detached() {
        attached = null;
      },
      paneViews: () => views,
    },
    setShades(next) {
      shades = next;
      attached?.requestUpdate();
    },
    setColours(colours) {
      colour = colours.textSoft;
      attached?.requestUpdate();
    },
  };
}
