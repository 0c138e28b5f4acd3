// The REST API, typed by the OpenAPI document: a path that does not exist or a parameter that is misspelt does not compile.

import { getJson, HttpFailure, withDeadline } from '../http.ts';
import type { components, paths } from './schema.ts';

const WRITE_DEADLINE_MS = 30_000;

interface JsonGet {
  readonly get: {
    readonly responses: { readonly 200: { readonly content: { readonly 'application/json': unknown } } };
  };
}

/** A path that can be read as JSON. */
export type GetPath = { [Path in keyof paths]: paths[Path] extends JsonGet ? Path : never }[keyof paths];
/** What the path answers. */
export type Answer<Path extends GetPath> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;
/** The query parameters that the path takes. */
export type QueryOf<Path extends GetPath> = paths[Path] extends {
  get: { parameters: { query?: infer Query } };
}
  ? NonNullable<Query>
  : never;
/** A named shape of the API, such as `TotalRecord`. */
export type Shape<Name extends keyof components['schemas']> = components['schemas'][Name];

type Plain = string | number | boolean | null | undefined;

export interface GetOptions<Path extends GetPath> {
  readonly query?: QueryOf<Path>;
  /** Values for the `{…}` parts of the path. */
  readonly path?: Readonly<Record<string, string | number>>;
}

/** The address of a path with its parameters filled in; parameters that are null or undefined are left out. */
export function addressOf(
  path: string,
  options: { readonly query?: object; readonly path?: Readonly<Record<string, string | number>> } = {},
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(options.path?.[name] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {}) as [string, Plain][]) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

export async function getApi<Path extends GetPath>(
  path: Path,
  options: GetOptions<Path> = {},
  stop: AbortSignal = new AbortController().signal,
): Promise<Answer<Path>> {
  return (await getJson((input, init) => fetch(input, init), addressOf(path, options), stop)) as Answer<Path>;
}

function csrfToken(cookies: string): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(cookies)?.[1] ?? '';
}

/** Writes: the body as JSON, with the session's CSRF token. The answer's JSON, null where it has no body. */
export async function sendApi(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: keyof paths,
  options: { readonly body?: unknown; readonly path?: Readonly<Record<string, string | number>> } = {},
): Promise<unknown> {
  return withDeadline(new AbortController().signal, WRITE_DEADLINE_MS, async (signal) => {
    const response = await fetch(addressOf(path, options), {
      method,
      signal,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'x-csrftoken': csrfToken(document.cookie),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    if (!response.ok) throw await HttpFailure.of(response);
    const text = await response.text();
    return text === '' ? null : JSON.parse(text);
  });
}
