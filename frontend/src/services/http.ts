// Reading JSON from the server: a deadline for every request, and failures as one type that says whether to try again.

const DEADLINE_MS = 10_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** An answer that is not the one asked for. `status` is the HTTP status. */
export class HttpFailure extends Error {
  readonly status: number;
  /** How long the server asks us to stay away, in milliseconds; null when it does not say. */
  readonly retryAfterMs: number | null;
  /** The stable code of the server's problem document; null when it sent none. */
  readonly code: string | null;

  constructor(
    status: number,
    retryAfterMs: number | null,
    code: string | null = null,
    detail: string | null = null,
  ) {
    super(detail ?? `the server answered ${status}`);
    this.name = 'HttpFailure';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.code = code;
  }

  /** Whether asking again may help. */
  get isPassing(): boolean {
    return this.status === 429 || this.status >= 500;
  }

  static async of(response: Response): Promise<HttpFailure> {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const asked = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
    const { code, detail } = await problemOf(response);
    return new HttpFailure(
      response.status,
      asked === null ? null : Math.min(asked, MAX_RETRY_AFTER_MS),
      code,
      detail,
    );
  }
}

/** What a problem document (RFC 9457) says; nulls for any other answer. */
async function problemOf(response: Response): Promise<{ code: string | null; detail: string | null }> {
  const nothing = { code: null, detail: null };
  if (!(response.headers.get('content-type') ?? '').startsWith('application/problem+json')) return nothing;
  try {
    const problem: unknown = await response.json();
    if (typeof problem !== 'object' || problem === null) return nothing;
    const text = (name: string) => {
      const value = (problem as Readonly<Record<string, unknown>>)[name];
      return typeof value === 'string' ? value : null;
    };
    return { code: text('code'), detail: text('detail') };
  } catch {
    return nothing;
  }
}

/** Runs `work` with a signal that fires on `stop` or after the deadline. */
export async function withDeadline<Value>(
  stop: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, milliseconds);
  if (stop.aborted) abort();
  stop.addEventListener('abort', abort);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', abort);
  }
}

export async function getJson(fetchFrom: typeof fetch, path: string, stop: AbortSignal): Promise<unknown> {
  return withDeadline(stop, DEADLINE_MS, async (signal) => {
    const response = await fetchFrom(path, {
      headers: { accept: 'application/json' },
      cache: 'no-store',
      signal,
    });
    if (!response.ok) throw await HttpFailure.of(response);
    return response.json();
  });
}
