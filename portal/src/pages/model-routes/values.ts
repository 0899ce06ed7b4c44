// A model route as its form holds it.
import type { ModelRoute, ModelTarget } from '../../api/types';
import { faultsBelow, type HealthCheckValues, healthCheckSpec, healthCheckValues } from '../../forms/health-check';
import type { Faults } from '../../forms/use-resource-form';

export const retryReasons = ['rate_limit', 'server_error', 'connect', 'timeout', 'unauthorized'] as const;

type RetryReason = (typeof retryReasons)[number];

/** What a target is for: answers, answers for a share of the calls, or copies of a share whose answers nobody gets. */
export const roles = ['answers', 'canary', 'shadow'] as const;
type Role = (typeof roles)[number];

/** A target as its row holds it. The shares of roles that it does not have are kept in case it gets them. */
export interface TargetValues extends Omit<ModelTarget, 'canary' | 'shadow' | 'health_check'> {
  priority: number;
  weight: number;
  role: Role;
  canary: { percent: number; header: string };
  shadow: { percent: number };
  health_check: HealthCheckValues | null;
}

export const newTarget = (provider: string): TargetValues => targetValues({ provider, model: '' });

function targetValues({ canary, shadow, health_check, ...target }: ModelTarget): TargetValues {
  return {
    priority: 0,
    weight: 1,
    ...target,
    role: shadow ? 'shadow' : canary ? 'canary' : 'answers',
    canary: { percent: canary?.percent ?? 5, header: canary?.header ?? '' },
    shadow: { percent: shadow?.percent ?? 10 },
    health_check: healthCheckValues(health_check),
  };
}

export function targetSpec({ role, canary, shadow, health_check, ...target }: TargetValues): ModelTarget {
  const { priority, ...rest } = target;
  const header = canary.header.trim();
  return {
    ...rest,
    model: target.model.trim(),
    ...(priority ? { priority } : {}),
    ...(role === 'canary' ? { canary: { percent: canary.percent, ...(header ? { header } : {}) } } : {}),
    ...(role === 'shadow' ? { shadow } : {}),
    ...(health_check ? { health_check: healthCheckSpec(health_check) } : {}),
  };
}

export const routeFaults = ({ targets }: RouteValues): Faults =>
  Object.assign({}, ...targets.map((target, at) => faultsBelow(`targets.${at}.health_check`, target.health_check)));

export interface RouteValues extends Record<string, unknown> {
  id: string;
  model: string;
  description: string;
  targets: TargetValues[];
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
    targets: spec.targets.map(targetValues),
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
    targets: values.targets.map(targetSpec),
    ...(isDefaultRetry(values.retry) ? {} : { retry: values.retry }),
    ...(values.strict ? { strict: true } : {}),
  };
}

export interface Share {
  priority: number;
  /** Each target with its part of the calls at this priority, 0 to 1. */
  parts: { label: string; share: number; standby: boolean }[];
}

/** Targets that answer. */
const isPlain = ({ canary, shadow }: ModelTarget) => !canary && !shadow;
const labelOf = ({ provider, model }: ModelTarget) => `${provider}/${model}`;

/** How calls are shared out while everything is up: lowest priority first, by weight within it. */
export function shares(all: ModelTarget[]): Share[] {
  const targets = all.filter(isPlain);
  const priorities = [...new Set(targets.map((t) => t.priority ?? 0))].sort((a, b) => a - b);
  return priorities.map((priority) => {
    const here = targets.filter((t) => (t.priority ?? 0) === priority);
    const total = here.reduce((sum, t) => sum + (t.weight ?? 1), 0);
    const parts = here.map((t) => ({
      label: labelOf(t),
      share: total === 0 ? 1 / here.length : (t.weight ?? 1) / total,
      standby: total > 0 && (t.weight ?? 1) === 0,
    }));
    return { priority, parts };
  });
}

export interface Beside {
  label: string;
  role: 'canary' | 'shadow';
  percent: number;
}

/** Targets beside them: those on trial, and those that get copies, each with its share of all calls. */
export const beside = (all: ModelTarget[]): Beside[] =>
  all.flatMap((target): Beside[] => {
    const { canary, shadow } = target;
    if (shadow) return [{ label: labelOf(target), role: 'shadow', percent: shadow.percent }];
    return canary ? [{ label: labelOf(target), role: 'canary', percent: canary.percent }] : [];
  });
