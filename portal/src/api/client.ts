// The typed client of the admin API: addresses, parameters and answers are those of its OpenAPI document.
import createClient from 'openapi-fetch';
import { guardedFetch } from './http';
import type { paths } from './schema';

export const client = createClient<paths>({ baseUrl: '/api/v1', fetch: guardedFetch });

/** The body of an answer. `guardedFetch` throws refusals, so an answer without a body is a fault of the server. */
export function bodyOf<T>({ data, response }: { data?: T; response: Response }): T {
  if (data === undefined) throw new Error(`${response.url} answered ${response.status} without a body`);
  return data;
}

/** A key that makes the repetition of a POST harmless. Works on plain http too, where `randomUUID` does not. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
