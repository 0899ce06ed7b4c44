// What the request log is narrowed to, as its address says it.

import { known, type Outcome, outcomes } from '../../api/types';

export const filterFields = ['status', 'application', 'model', 'provider', 'key'] as const;

export const ranges = ['1h', '24h', '7d', '30d'] as const;
export type Range = (typeof ranges)[number];

export interface RequestFilter {
  range?: Range;
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
    range: known(ranges, String(search['range'])),
    q: text(search['q']),
    outcome: known(outcomes, String(search['outcome'])),
    application: text(search['application']),
    model: text(search['model']),
    provider: text(search['provider']),
    key: text(search['key']),
    status: text(search['status']),
  };
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const widths: Record<Range, number> = { '1h': hour, '24h': day, '7d': 7 * day, '30d': 30 * day };

/** The filter as the server takes it. A range begins at a full minute, so that the question stays the same for that long. */
export function requestQuery({ range, ...filter }: RequestFilter, now: number) {
  const from = range && new Date(Math.floor((now - widths[range]) / minute) * minute).toISOString();
  return { ...filter, ...(from ? { from } : {}) };
}
