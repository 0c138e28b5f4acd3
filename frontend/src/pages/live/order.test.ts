import { expect, test } from 'vitest';
import { csvText } from '../../components/csv.ts';
import { moved } from '../../components/moved.ts';
import { decodeInstruments } from '../../domain/decode.ts';
import { instrumentJson, quote } from '../../testing/builders.ts';
import { decodeLayouts, FIRST_COLUMNS, FIRST_LAYOUT } from './liveLayout.ts';
import { filtered, ordered } from './order.ts';
import { stepOf } from './useGridKeys.ts';

const { items: instruments } = decodeInstruments(['ES', 'NQ', 'ZB'].map((symbol) => instrumentJson(symbol)));
const symbols = (found: typeof instruments) => found.map(({ symbol }) => symbol as string);

test('rows without a value are last in either direction', () => {
  const lasts = new Map([
    ['ES', 2],
    ['ZB', 1],
  ]);
  const orderValue = ({ symbol }: (typeof instruments)[number]) => lasts.get(symbol) ?? null;
  expect(symbols(ordered(instruments, () => null, { descending: false, valueOf: orderValue }))).toEqual([
    'ZB',
    'ES',
    'NQ',
  ]);
  expect(symbols(ordered(instruments, () => null, { descending: true, valueOf: orderValue }))).toEqual([
    'ES',
    'ZB',
    'NQ',
  ]);
});

test('without an ordering rows stay as they are', () => {
  expect(ordered(instruments, () => quote(), null)).toBe(instruments);
});

test('a filter wants every word, in any case', () => {
  expect(symbols(filtered(instruments, ' nq FUTURE'))).toEqual(['NQ']);
  expect(symbols(filtered(instruments, 'nq es'))).toEqual([]);
  expect(filtered(instruments, '  ')).toBe(instruments);
});

test('an item moves to its place and nowhere else', () => {
  expect(moved(['a', 'b', 'c'], 'a', 2)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['c', 'a', 'b']);
  expect(moved(['a'], 'x', 0)).toEqual(['a']);
});

test('a CSV file quotes what must be quoted and runs nothing', () => {
  const text = csvText(
    ['Name', 'Last'],
    [
      ['E-mini "S&P", 500', "118'10"],
      ['=1+1', -0.5],
      ['-x', null],
      ["-0'14", '+11.25'],
    ],
  );
  expect(text).toBe(
    'Name,Last\r\n"E-mini ""S&P"", 500",118\'10\r\n\'=1+1,-0.5\r\n\'-x,\r\n-0\'14,+11.25\r\n',
  );
});

test('a layout that was stored is read as far as it can be understood', () => {
  expect(decodeLayouts(null)).toEqual({ current: FIRST_LAYOUT, saved: [] });
  const read = decodeLayouts({
    current: {
      view: 'tiles',
      columns: ['last', 'nonsense', 'last', 'age'],
      sort: { column: 'age', descending: true },
      list: 'mine',
    },
    saved: [{ name: 'a', layout: 7 }, { name: '' }, null],
  });
  expect(read.current).toEqual({
    view: 'tiles',
    columns: ['last', 'age'],
    sort: { column: 'age', descending: true },
    list: 'mine',
  });
  expect(read.saved).toEqual([{ name: 'a', layout: { ...FIRST_LAYOUT, columns: FIRST_COLUMNS } }]);
});

test.each([
  ['ArrowDown', false, { row: 3, column: 1 }],
  ['ArrowLeft', false, { row: 2, column: 0 }],
  ['PageDown', false, { row: 12, column: 1 }],
  ['Home', false, { row: 2, column: 0 }],
  ['Home', true, { row: 1, column: 0 }],
  ['End', true, { row: 100, column: 4 }],
  ['x', false, null],
] as const)('%s with control %s leads to %j', (key, control, place) => {
  const grid = { rows: 100, columns: 5, bringIntoSight: () => undefined };
  expect(stepOf(key, control, { row: 2, column: 1 }, grid)).toEqual(place);
});
