// What the request log is narrowed to, as its address says it.

import { known, type Outcome, outcomes } from '../../api/types';

export const filterFields = ['application', 'model', 'provider', 'key', 'status'] as const;

export interface RequestFilter {
  q?: string;
  outcome?: Outcome;
  application?: string;
  model?: string;
  provider?: string;
  key?: string;
  status?: string;
}

/** The router reads `?status=429` as a number. */
const text = (value: unknown): string | undefined =>
  (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;

export function readRequestFilter(search: Record<string, unknown>): RequestFilter {
  return {
    q: text(search['q']),
    outcome: known(outcomes, String(search['outcome'])),
    application: text(search['application']),
    model: text(search['model']),
    provider: text(search['provider']),
    key: text(search['key']),
    status: text(search['status']),
  };
}
