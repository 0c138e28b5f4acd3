// Texts for the places between prices that a chart's axis and crosshair name. A price itself is always the server's text.

/** How an instrument's prices are written: a number of decimals, or 32nds. */
export type PriceDisplay = number | '32nds';

/** The value in the instrument's own manner: `6791.25`, `118'10`, `118'105` for ten and a half 32nds. */
export function axisText(value: number, display: PriceDisplay): string {
  if (display !== '32nds') return value.toFixed(display);
  const halves = Math.round(Math.abs(value) * 64);
  const whole = Math.floor(halves / 64);
  const rest = halves % 64;
  const sign = value < 0 && halves > 0 ? '-' : '';
  return `${sign}${whole}'${String(Math.floor(rest / 2)).padStart(2, '0')}${rest % 2 === 1 ? '5' : ''}`;
}
