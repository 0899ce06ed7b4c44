import { expect, test } from 'vitest';
import type { HealthCheck, ModelRoute, ModelTarget } from '../../api/types';
import { beside, newTarget, routeFaults, routeSpec, routeValues, shares } from './values';

const checked = {
  path: '/models/p',
  interval_ms: 1_000,
  timeout_ms: 500,
  unhealthy_after: 1,
  healthy_after: 1,
} as HealthCheck;

test('a model route comes back from its form as it went in', () => {
  const spec: ModelRoute = {
    model: 'GPT:best',
    description: 'x',
    targets: [
      { provider: 'a', model: 'm', weight: 3 },
      { provider: 'b', model: 'n', priority: 1, weight: 0 },
      { provider: 'c', model: 'o', weight: 1, canary: { percent: 5, header: 'x-user' } },
      { provider: 'd', model: 'p', weight: 1, shadow: { percent: 20 }, health_check: checked },
    ],
    retry: { max_attempts: 2, on: ['connect'], cooldown_ms: 5 },
    strict: true,
  };
  expect(routeSpec(routeValues(spec, 'best'))).toEqual(spec);
});

test('retry at its default is not sent', () => {
  const spec: ModelRoute = { targets: [{ provider: 'a', model: 'm', weight: 1 }] };
  expect(routeSpec(routeValues(spec, 'x'))).toEqual(spec);
});

test('calls are shared by weight within a priority, lowest priority first', () => {
  const found = shares([
    { provider: 'late', model: 'm', priority: 5 },
    { provider: 'a', model: 'm', weight: 3 },
    { provider: 'b', model: 'm', weight: 1 },
    { provider: 'c', model: 'm', weight: 0 },
    { provider: 'd', model: 'm', shadow: { percent: 50 } },
    { provider: 'e', model: 'm', canary: { percent: 5 } },
  ] as ModelTarget[]);
  expect(found.map((s) => s.priority)).toEqual([0, 5]);
  expect(found[0]?.parts).toEqual([
    { label: 'a/m', share: 0.75, standby: false },
    { label: 'b/m', share: 0.25, standby: false },
    { label: 'c/m', share: 0, standby: true },
  ]);
});

test('targets that all have weight 0 share alike', () => {
  expect(
    shares([
      { provider: 'a', model: 'm', weight: 0 },
      { provider: 'b', model: 'm', weight: 0 },
    ])[0]?.parts.map((p) => p.share),
  ).toEqual([0.5, 0.5]);
});

test('targets on trial and shadows stand beside those that answer', () => {
  const targets = [
    { provider: 'a', model: 'm', weight: 1 },
    { provider: 'd', model: 'm', weight: 1, shadow: { percent: 50 } },
    { provider: 'e', model: 'm', weight: 1, canary: { percent: 5 } },
  ];
  expect(beside(targets)).toEqual([
    { label: 'd/m', role: 'shadow', percent: 50 },
    { label: 'e/m', role: 'canary', percent: 5 },
  ]);
});

test('what the server could not read is told at the field of its target', () => {
  const values = routeValues({ targets: [{ provider: 'a', model: 'm', weight: 1, health_check: checked }] }, 'x');
  expect(routeFaults(values)).toEqual({});
  const check = values.targets[0]?.health_check;
  if (!check) throw new Error('it has a check');
  const targets = [newTarget('b'), { ...newTarget('a'), health_check: { ...check, statuses: ['ok'] } }];
  expect(routeFaults({ ...values, targets })).toEqual({ 'targets.1.health_check.statuses': 'form.noStatus' });
});
