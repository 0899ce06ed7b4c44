// A health check of a provider or a target, as its form holds it.
import type { HealthCheck } from '../api/types';
import type { Faults } from './use-resource-form';

export const healthMethods = ['get', 'head', 'post'] as const;

export interface HealthCheckValues {
  /** Empty: the vendor's list of models. */
  path: string;
  method: (typeof healthMethods)[number];
  /** JSON, as somebody types it. */
  body: string;
  interval_ms: number;
  timeout_ms: number;
  unhealthy_after: number;
  healthy_after: number;
  statuses: string[];
}

/** What the server takes where nothing is said. */
export const usualHealthCheck: HealthCheckValues = {
  path: '',
  method: 'get',
  body: '',
  interval_ms: 30_000,
  timeout_ms: 5_000,
  unhealthy_after: 3,
  healthy_after: 2,
  statuses: [],
};

/** Null: it is not asked. */
export function healthCheckValues(spec: HealthCheck | null | undefined): HealthCheckValues | null {
  if (!spec) return null;
  return {
    ...usualHealthCheck,
    ...spec,
    path: spec.path ?? '',
    body: spec.body ? JSON.stringify(spec.body, null, 2) : '',
    statuses: (spec.statuses ?? []).map(String),
  };
}

/** As the server keeps it: numbers always stand there, the rest where it says something. */
export function healthCheckSpec(values: HealthCheckValues): HealthCheck {
  const { path, method, body, statuses, ...numbers } = values;
  return {
    ...(path.trim() ? { path: path.trim() } : {}),
    ...(method === 'get' ? {} : { method }),
    ...(method === 'post' && body.trim() ? { body: jsonOf(body) ?? body } : {}),
    ...numbers,
    ...(statuses.length > 0 ? { statuses: statuses.map(Number) } : {}),
  } as HealthCheck;
}

/** What can be told before it is sent, by field of the form that holds it at `path`. */
export const faultsBelow = (path: string, values: HealthCheckValues | null): Faults =>
  Object.fromEntries(Object.entries(healthCheckFaults(values)).map(([field, fault]) => [`${path}.${field}`, fault]));

/** The server could not read it at all. */
export function healthCheckFaults(values: HealthCheckValues | null): Faults {
  if (!values) return {};
  const { method, body, statuses } = values;
  return {
    ...(method === 'post' && body.trim() && jsonOf(body) === undefined ? { body: 'form.noJson' } : {}),
    ...(statuses.every((status) => /^\d{3}$/.test(status)) ? {} : { statuses: 'form.noStatus' }),
  };
}

function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
