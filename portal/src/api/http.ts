// The one way to the admin API: same origin, the session's cookie, its CSRF token, refusals as Problem.
import { Problem } from './problem';

let csrfToken: string | null = null;
let onSignedOut: () => void = () => {};

/** The value that `/session` returned; kept in memory only. */
export function setCsrfToken(token: string | null) {
  csrfToken = token;
}

/** Called when the server says that the session is over. */
export function whenSignedOut(callback: () => void) {
  onSignedOut = callback;
}

/** `fetch` with the session's CSRF token; an answer that is no success is thrown as a `Problem`. */
export async function guardedFetch(request: Request): Promise<Response> {
  if (csrfToken && request.method !== 'GET') request.headers.set('x-csrf-token', csrfToken);
  const response = await fetch(request);
  if (response.ok || response.status === 304) return response;
  const problem = await Problem.from(response);
  if (response.status === 401 && !new URL(request.url).pathname.endsWith('/session')) onSignedOut();
  throw problem;
}

/** A key that makes the repetition of a POST harmless. Works on plain http too, where `randomUUID` does not. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

const base = '/api/v1';

interface CallOptions {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

/** One call to the admin API; `T` is what its document says of the answer. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const url = new URL(base + path, window.location.origin);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  const init: RequestInit = { method, headers: { accept: 'application/json', ...options.headers } };
  if (options.signal) init.signal = options.signal;
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  const response = await guardedFetch(new Request(url, init));
  const text = await response.text();
  return { data: (text ? JSON.parse(text) : undefined) as T, etag: response.headers.get('etag') };
}
