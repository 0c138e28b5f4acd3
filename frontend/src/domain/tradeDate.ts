// Trade dates as the API writes them, `2026-11-24`: plain dates, of no zone. Counted in UTC, where every day has 24 hours.

const DAY = 86_400_000;
const SHAPE = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the text is a date that there is. */
export function isTradeDate(text: string): boolean {
  return SHAPE.test(text) && !Number.isNaN(Date.parse(text)) && dateText(Date.parse(text)) === text;
}

/** The date of an instant in UTC, in milliseconds. */
export function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** The date so many days later; earlier for a negative number. */
export function laterDate(date: string, days: number): string {
  return dateText(Date.parse(date) + days * DAY);
}

/** Every date from the first to the last, both included. */
export function datesBetween(first: string, last: string): readonly string[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => laterDate(first, at));
}

export function isWeekend(date: string): boolean {
  const day = new Date(Date.parse(date)).getUTCDay();
  return day === 0 || day === 6;
}

const LONG = new Intl.DateTimeFormat('en-US', {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  timeZone: 'UTC',
});
const MONTH = new Intl.DateTimeFormat('en-US', { month: 'short', year: 'numeric', timeZone: 'UTC' });

/** `Tue, Nov 24, 2026` */
export function longDate(date: string): string {
  return LONG.format(Date.parse(date));
}

/** `Nov 2026` */
export function monthName(date: string): string {
  return MONTH.format(Date.parse(date.length === 7 ? `${date}-01` : date));
}
