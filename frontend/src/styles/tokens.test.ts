// Every pair of text and ground that the dashboard draws is readable in both themes (WCAG AA).

import { expect, test } from 'vitest';
import { COLOURS } from '../state/preferences.ts';
import tokens from './tokens.css?raw';

type Theme = 'light' | 'dark';

/** Relative luminance of `#rrggbb`, by WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [lower = 0, higher = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (higher + 0.05) / (lower + 0.05);
}

/** The token as it is with the first colours, or as a pair of colours changes it. */
function token(name: string, theme: Theme, colours = ''): string {
  const [first = '', ...choices] = tokens.split('data-colours=');
  const own = choices.find((choice) => choice.startsWith(`"${colours}"`)) ?? '';
  const wanted = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\);`);
  const found = wanted.exec(own) ?? wanted.exec(first);
  const colour = found?.[theme === 'light' ? 1 : 2];
  if (colour === undefined) throw new Error(`tokens.css has no colour ${name}`);
  return colour;
}

const GROUNDS = ['ground', 'panel', 'panel-raised'];
const ON_EVERY_GROUND = ['text', 'text-soft', 'text-faint', 'up', 'down', 'bad'];
const PAIRS = [
  ...GROUNDS.flatMap((ground) => ON_EVERY_GROUND.map((text) => [text, ground] as const)),
  ['on-up', 'up'],
  ['on-down', 'down'],
  ['text', 'up-wash'],
  ['text', 'down-wash'],
  ['notice', 'notice-wash'],
  ['wait', 'wait-wash'],
  ['bad', 'bad-wash'],
  ['accent', 'accent-wash'],
  ['on-accent', 'accent'],
] as const;

for (const theme of ['light', 'dark'] as const) {
  test.each(PAIRS)(`%s on %s is readable in the ${theme} theme`, (text, ground) => {
    expect(contrast(token(text, theme), token(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(['good', 'wait', 'bad', 'focus'])(`the mark %s stands out in the ${theme} theme`, (mark) => {
    expect(contrast(token(mark, theme), token('panel', theme))).toBeGreaterThanOrEqual(3);
  });
}

const MOVING = PAIRS.filter((pair) => pair.some((name) => /^(?:on-)?(?:up|down)/.test(name)));

for (const colours of COLOURS) {
  for (const theme of ['light', 'dark'] as const) {
    test.each(MOVING)(`%s on %s is readable in ${colours}, ${theme}`, (text, ground) => {
      expect(contrast(token(text, theme, colours), token(ground, theme, colours))).toBeGreaterThanOrEqual(
        4.5,
      );
    });
  }
}

test('black on white is 21 to 1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10);
});
