// A route as its form holds it.
import type { Route } from '../../api/types';
import { type PolicyValues, policySpec, policyValues } from '../../conflict/policy';

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Auth = NonNullable<Route['auth']>;

export interface RouteValues extends Record<string, unknown> {
  id: string;
  service: string | null;
  path: string;
  methods: NonNullable<Route['methods']>;
  upstream: string | null;
  auth: Auth | null;
  conflict: PolicyValues;
}

export function routeValues(spec: Route, id: string): RouteValues {
  return {
    id,
    service: spec.service || null,
    path: spec.path,
    methods: spec.methods ?? [],
    upstream: spec.upstream ?? null,
    auth: spec.auth ?? null,
    conflict: policyValues(spec.conflict),
  };
}

export function routeSpec(values: RouteValues): Route {
  return {
    service: values.service ?? '',
    path: values.path.trim(),
    ...(values.methods.length > 0 ? { methods: values.methods } : {}),
    ...(values.upstream ? { upstream: values.upstream } : {}),
    ...(values.auth ? { auth: values.auth } : {}),
    ...policySpec<NonNullable<Route['conflict']>>(values.conflict),
  };
}

/** A path that a template stands for: `/orders/{id}` with something in the place of each parameter. */
export function samplePath(basePath: string, template: string): string {
  return `${basePath}${template}`.replace(/\{\*?[^}]*\}/g, '1');
}
