// The one way to the admin API: same origin, the session's cookie, its CSRF token, refusals as Problem.
import { ConnectionLost, Problem } from './problem';

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
  const response = await answerTo(request);
  if (response.ok || response.status === 304) return response;
  const problem = await Problem.from(response);
  // A 401 of a provider comes through the playground and says nothing about the reader's own session.
  const path = new URL(request.url).pathname;
  if (response.status === 401 && !path.endsWith('/session') && !path.includes('/playground/')) onSignedOut();
  throw problem;
}

async function answerTo(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (failure) {
    // Whoever stopped it knows why it ended.
    if (request.signal.aborted) throw failure;
    throw new ConnectionLost('unreachable');
  }
}
