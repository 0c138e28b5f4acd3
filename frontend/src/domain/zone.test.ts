import { expect, test } from 'vitest';
import { at } from '../testing/builders.ts';
import { formatInstant, zoneLabel, zoneName } from './zone.ts';

test.each([
  ['2026-11-24T12:00:00Z', 'America/Chicago', '06:00:00 CST'],
  ['2026-07-01T12:00:00Z', 'America/Chicago', '07:00:00 CDT'],
  ['2026-11-24T12:00:00Z', 'UTC', '12:00:00 UTC'],
])('%s in %s is %s', (instant, zone, text) => {
  expect(formatInstant(at(instant), zone, 'clock')).toBe(text);
});

test('the hour that comes twice is told apart by its zone', () => {
  const [first, second] = [at('2026-11-01T06:30:00Z'), at('2026-11-01T07:30:00Z')];
  const zone = 'America/Chicago';
  expect([first, second].map((instant) => formatInstant(instant, zone, 'minute'))).toEqual([
    '01:30',
    '01:30',
  ]);
  expect([first, second].map((instant) => zoneLabel(instant, zone))).toEqual(['CDT', 'CST']);
});

test('an exchange whose zone is not known is told in UTC', () => {
  expect(zoneName('exchange', null)).toBe('UTC');
  expect(zoneName('exchange', 'Asia/Tokyo')).toBe('Asia/Tokyo');
  expect(zoneName('utc', 'Asia/Tokyo')).toBe('UTC');
});
