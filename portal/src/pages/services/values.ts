// A service as its form holds it.
import type { Service } from '../../api/types';
import { type PolicyValues, policySpec, policyValues } from '../../conflict/policy';

export const auths = ['api_key', 'public'] as const;

export interface ServiceValues extends Record<string, unknown> {
  id: string;
  name: string;
  description: string;
  hosts: string[];
  base_path: string;
  upstream: string | null;
  auth: (typeof auths)[number];
  conflict: PolicyValues;
}

export function serviceValues(spec: Service, id: string): ServiceValues {
  return {
    id,
    name: spec.name ?? '',
    description: spec.description ?? '',
    hosts: spec.hosts ?? [],
    base_path: spec.base_path ?? '',
    upstream: spec.upstream ?? null,
    auth: spec.auth ?? 'api_key',
    conflict: policyValues(spec.conflict),
  };
}

export function serviceSpec(values: ServiceValues): Service {
  const { name, description, hosts, base_path, upstream, auth, conflict } = values;
  return {
    ...(name ? { name } : {}),
    ...(description ? { description } : {}),
    ...(hosts.length > 0 ? { hosts } : {}),
    ...(base_path ? { base_path } : {}),
    ...(upstream ? { upstream } : {}),
    ...(auth === 'api_key' ? {} : { auth }),
    ...policySpec<NonNullable<Service['conflict']>>(conflict),
  };
}
