// A provider as its form holds it.
import type { ModelDeclaration, Protocol, Provider, ProviderKey } from '../../api/types';
import { faultsBelow, type HealthCheckValues, healthCheckSpec, healthCheckValues } from '../../forms/health-check';

/** A key as its row holds it. */
export type KeyValues = ProviderKey & { weight: number; priority: number };

export interface ProviderValues extends Record<string, unknown> {
  id: string;
  name: string;
  /** Empty: what the catalogue's entry says. */
  protocol: Protocol | '';
  base_url: string;
  catalog: string;
  keys: KeyValues[];
  region: string;
  api_version: string;
  project: string;
  location: string;
  models: ModelDeclaration[];
  headers: { name: string; value: string }[];
  timeouts: { connect_ms: number; first_byte_ms: number; idle_ms: number; total_ms: number };
  allow_private_address: boolean;
  allow_plaintext: boolean;
  no_stream_options: boolean;
  health_check: HealthCheckValues | null;
  disabled: boolean;
}

/** What the server takes where nothing is said. */
const defaultTimeouts = { connect_ms: 5_000, first_byte_ms: 120_000, idle_ms: 60_000, total_ms: 600_000 };

export function providerValues(spec: Provider, id: string): ProviderValues {
  return {
    id,
    name: spec.name ?? '',
    protocol: spec.protocol ?? '',
    base_url: spec.base_url ?? '',
    catalog: spec.catalog ?? '',
    keys: (spec.keys ?? []).map((key) => ({ weight: 1, priority: 0, ...key })),
    region: spec.region ?? '',
    api_version: spec.api_version ?? '',
    project: spec.project ?? '',
    location: spec.location ?? '',
    models: spec.models ?? [],
    headers: Object.entries(spec.headers ?? {}).map(([name, value]) => ({ name, value })),
    timeouts: { ...defaultTimeouts, ...spec.timeouts },
    allow_private_address: spec.allow_private_address ?? false,
    allow_plaintext: spec.allow_plaintext ?? false,
    no_stream_options: spec.no_stream_options ?? false,
    health_check: healthCheckValues(spec.health_check),
    disabled: spec.disabled ?? false,
  };
}

const isDefault = (timeouts: ProviderValues['timeouts']) =>
  Object.entries(defaultTimeouts).every(([name, ms]) => timeouts[name as keyof typeof defaultTimeouts] === ms);

/** What is sent: fields at their default are left out, as the server leaves them out. */
export function providerSpec(values: ProviderValues): Provider {
  const headers = Object.fromEntries(values.headers.filter((h) => h.name).map((h) => [h.name, h.value]));
  return {
    ...(values.protocol ? { protocol: values.protocol } : {}),
    ...(values.name ? { name: values.name } : {}),
    ...(values.base_url ? { base_url: values.base_url.trim() } : {}),
    ...(values.catalog ? { catalog: values.catalog } : {}),
    ...(values.region ? { region: values.region.trim() } : {}),
    ...(values.api_version ? { api_version: values.api_version.trim() } : {}),
    ...(values.project ? { project: values.project.trim() } : {}),
    ...(values.location ? { location: values.location.trim() } : {}),
    ...(values.keys.length > 0 ? { keys: values.keys.map(keySpec) } : {}),
    ...(values.models.length > 0 ? { models: values.models } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(isDefault(values.timeouts) ? {} : { timeouts: values.timeouts }),
    ...(values.allow_private_address ? { allow_private_address: true } : {}),
    ...(values.allow_plaintext ? { allow_plaintext: true } : {}),
    ...(values.no_stream_options ? { no_stream_options: true } : {}),
    ...(values.health_check && values.protocol !== 'demo'
      ? { health_check: healthCheckSpec(values.health_check) }
      : {}),
    ...(values.disabled ? { disabled: true } : {}),
  };
}

export const providerFaults = ({ health_check }: ProviderValues) => faultsBelow('health_check', health_check);

function keySpec(key: KeyValues): ProviderKey {
  const { priority, ...rest } = key;
  return { ...rest, secret: key.secret.trim(), ...(priority ? { priority } : {}) };
}
