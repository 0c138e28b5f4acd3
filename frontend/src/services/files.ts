// Files of the server's that are handed to the reader: fetched here, so that a refusal is told instead of saved.

import { addressOf } from './api/client.ts';
import { HttpFailure } from './http.ts';

export interface FetchedFile {
  readonly content: Blob;
  /** The cursor of the file behind it; null when this is the last. */
  readonly next: string | null;
}

/** There is no deadline: a large file takes as long as it takes, and `stop` ends it. */
export async function fetchFile(path: string, query: object, stop: AbortSignal): Promise<FetchedFile> {
  const response = await fetch(addressOf(path, { query }), { signal: stop, cache: 'no-store' });
  if (!response.ok) throw await HttpFailure.of(response);
  return { content: await response.blob(), next: response.headers.get('thor-next') };
}
