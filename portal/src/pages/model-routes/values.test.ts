import { expect, test } from 'vitest';
import type { ModelRoute } from '../../api/types';
import { routeSpec, routeValues, shares } from './values';

test('a model route comes back from its form as it went in', () => {
  const spec: ModelRoute = {
    model: 'GPT:best',
    description: 'x',
    targets: [
      { provider: 'a', model: 'm', weight: 3 },
      { provider: 'b', model: 'n', priority: 1, weight: 0 },
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
  ]);
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
