// The health document of the server, and the one before it, so that rates can be told.

import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../state/api.ts';
import type { Health } from './troubles.ts';
import { ratesOf } from './troubles.ts';

const REFRESH_MS = 3_000;

export interface HealthAnswers {
  readonly answer: UseQueryResult<Health, Error>;
  /** How much a counter grew a second, by name. */
  rates(counts: (health: Health) => ReadonlyMap<string, number>): ReadonlyMap<string, number>;
}

export function useHealth(): HealthAnswers {
  const answer = useApi('/api/health', { refreshMs: REFRESH_MS });
  const [pair, setPair] = useState<{
    readonly now?: Health | undefined;
    readonly before?: Health | undefined;
  }>({});
  if (answer.data !== pair.now) setPair({ now: answer.data, before: pair.now });
  return { answer, rates: (counts) => ratesOf(pair.now, pair.before, counts) };
}
