// The page's colours for a chart, read again whenever the reader or the system changes them.

import { useEffect, useState } from 'react';
import { usePreferences } from '../../state/react.ts';
import { useMedia } from '../useMedia.ts';
import type { ChartColours } from './chartColours.ts';
import { readColours } from './chartColours.ts';

/** Null until `box` has been drawn. */
export function useChartColours(box: { readonly current: HTMLElement | null }): ChartColours | null {
  const [{ theme, colours }] = usePreferences();
  const dark = useMedia('(prefers-color-scheme: dark)');
  const [read, setRead] = useState<ChartColours | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: they say when the tokens have changed
  useEffect(() => {
    if (box.current !== null) setRead(readColours(box.current));
  }, [theme, colours, dark]);
  return read;
}
