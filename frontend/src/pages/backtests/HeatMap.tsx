// The outcome over one or two parameters as a table whose cells are coloured: it is read by eyes and by ears alike.

import { ratio } from '../../components/amounts.ts';
import type { Shape } from '../../services/api/client.ts';
import styles from './HeatMap.module.css';

type Surface = Shape<'SweepResult'>['surface'];

interface HeatMapProps {
  readonly surface: NonNullable<Surface>;
  /** The parameters of the best combination, whose cell is framed. */
  readonly best: Readonly<Record<string, unknown>>;
}

/** So many cells in a line leave no room for numbers in them; they are told on hovering and to those who hear. */
const MOST_WITH_NUMBERS = 16;

export function HeatMap({ surface, best }: HeatMapProps) {
  const { across, down, sharpe } = surface;
  const most = Math.max(...sharpe.flat().map((value) => Math.abs(value ?? 0)), Number.MIN_VALUE);
  const isSmall = across.values.length > MOST_WITH_NUMBERS;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles['scroll']} tabIndex={0} aria-label="Parameter surface">
      <table className={styles['map']} data-small={isSmall}>
        <caption className={styles['caption']}>
          {across.name} across{down === null ? '' : `, ${down.name} down`}; the best is framed
        </caption>
        <thead>
          <tr>
            <td />
            {across.values.map((value) => (
              <th key={String(value)} scope="col">
                {String(value)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sharpe.map((line, at) => {
            const row = down?.values[at];
            return (
              <tr key={String(row ?? '')}>
                <th scope="row">{row === undefined ? '' : String(row)}</th>
                {line.map((value, place) => {
                  const column = across.values[place];
                  const isBest = best[across.name] === column && (down === null || best[down.name] === row);
                  return (
                    <td
                      key={String(column)}
                      className={styles['cell']}
                      data-best={isBest}
                      title={`${across.name} ${String(column)}${down === null ? '' : `, ${down.name} ${String(row)}`}: ${ratio(value)}`}
                      style={{
                        background:
                          value === null
                            ? undefined
                            : `color-mix(in srgb, var(${value < 0 ? '--down' : '--up'}) ${Math.round((Math.abs(value) / most) * 45)}%, var(--panel))`,
                      }}
                    >
                      <span className={isSmall ? 'only-heard' : ''}>{ratio(value)}</span>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
