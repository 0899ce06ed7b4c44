// A model route as its form holds it.
import type { ModelRoute } from '../../api/types';

export const retryReasons = ['rate_limit', 'server_error', 'connect', 'timeout', 'unauthorized'] as const;

type RetryReason = (typeof retryReasons)[number];

export interface RouteValues extends Record<string, unknown> {
  id: string;
  model: string;
  description: string;
  targets: { provider: string; model: string; priority: number; weight: number }[];
  retry: {
    max_attempts: number;
    on: RetryReason[];
    cooldown_ms: number;
    /** No field of the form: kept as it is. */
    budget?: NonNullable<ModelRoute['retry']>['budget'];
  };
  strict: boolean;
}

/** What the server takes where nothing is said. */
const defaultRetry: RouteValues['retry'] = { max_attempts: 3, on: [...retryReasons], cooldown_ms: 10_000 };

export function routeValues(spec: ModelRoute, id: string): RouteValues {
  return {
    id,
    model: spec.model ?? '',
    description: spec.description ?? '',
    targets: spec.targets.map((target) => ({ priority: 0, weight: 1, ...target })),
    retry: { ...defaultRetry, ...spec.retry },
    strict: spec.strict ?? false,
  };
}

const isDefaultRetry = (retry: RouteValues['retry']) =>
  retry.budget === undefined &&
  retry.max_attempts === defaultRetry.max_attempts &&
  retry.cooldown_ms === defaultRetry.cooldown_ms &&
  retry.on.length === defaultRetry.on.length;

export function routeSpec(values: RouteValues): ModelRoute {
  return {
    ...(values.model.trim() ? { model: values.model.trim() } : {}),
    ...(values.description ? { description: values.description } : {}),
    targets: values.targets.map(({ priority, ...target }) => ({
      ...target,
      model: target.model.trim(),
      ...(priority ? { priority } : {}),
    })),
    ...(isDefaultRetry(values.retry) ? {} : { retry: values.retry }),
    ...(values.strict ? { strict: true } : {}),
  };
}

export interface Share {
  priority: number;
  /** Each target with its part of the calls at this priority, 0 to 1. */
  parts: { label: string; share: number; standby: boolean }[];
}

/** How calls are shared out while everything is up: lowest priority first, by weight within it. */
export function shares(
  all: { provider: string; model: string; priority?: number; weight?: number; shadow?: unknown }[],
): Share[] {
  // A shadow answers nobody.
  const targets = all.filter((target) => !target.shadow);
  const priorities = [...new Set(targets.map((t) => t.priority ?? 0))].sort((a, b) => a - b);
  return priorities.map((priority) => {
    const here = targets.filter((t) => (t.priority ?? 0) === priority);
    const total = here.reduce((sum, t) => sum + (t.weight ?? 1), 0);
    const parts = here.map((t) => ({
      label: `${t.provider}/${t.model}`,
      share: total === 0 ? 1 / here.length : (t.weight ?? 1) / total,
      standby: total > 0 && (t.weight ?? 1) === 0,
    }));
    return { priority, parts };
  });
}
