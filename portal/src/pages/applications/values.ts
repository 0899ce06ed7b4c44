// An application as its form holds it.
import type { Application } from '../../api/types';

export interface ApplicationValues extends Record<string, unknown> {
  id: string;
  name: string;
  description: string;
  models: string[];
  services: string[];
  providers: string[];
  batches: string[];
  disabled: boolean;
}

export function applicationValues(spec: Application, id: string): ApplicationValues {
  return {
    id,
    name: spec.name ?? '',
    description: spec.description ?? '',
    models: spec.models,
    services: spec.services,
    providers: spec.providers ?? [],
    batches: spec.batches ?? [],
    disabled: spec.disabled ?? false,
  };
}

export function applicationSpec(values: ApplicationValues): Application {
  return {
    ...(values.name ? { name: values.name } : {}),
    ...(values.description ? { description: values.description } : {}),
    models: values.models,
    services: values.services,
    ...(values.providers.length > 0 ? { providers: values.providers } : {}),
    ...(values.batches.length > 0 ? { batches: values.batches } : {}),
    ...(values.disabled ? { disabled: true } : {}),
  };
}

/** An id out of a name: `Mobile App (iOS)` becomes `mobile-app-ios`. */
export function idFromName(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}
