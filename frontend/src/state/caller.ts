// Who the reader is to the server, and what they may do there.

import type { Shape } from '../services/api/client.ts';
import { useApi } from './api.ts';

export type Caller = Shape<'Me'>;

/** Null until the server has said it. */
export function useCaller(): Caller | null {
  return useApi('/api/me').data ?? null;
}

/** Where the server's own login page is; it leads back to the page asked for. */
export function loginAddress(page: string): string {
  return `/login?next=${encodeURIComponent(page)}`;
}
