import { expect, test } from 'vitest';
import type { HealthCheck } from '../api/types';
import { healthCheckFaults, healthCheckSpec, healthCheckValues, usualHealthCheck } from './health-check';

const numbers = { interval_ms: 15_000, timeout_ms: 5_000, unhealthy_after: 3, healthy_after: 2 };

test('a health check comes back from its form as the server keeps it', () => {
  const whole = { path: '/chat/completions', method: 'post', body: { model: 'm' }, ...numbers, statuses: [200, 204] };
  for (const spec of [whole, numbers] as unknown as HealthCheck[]) {
    const values = healthCheckValues(spec);
    expect(values && healthCheckSpec(values)).toEqual(spec);
  }
  expect(healthCheckValues(undefined)).toBeNull();
});

test('a body is sent with a post alone', () => {
  const spec = healthCheckSpec({ ...usualHealthCheck, body: '{"a": 1}' });
  expect(spec).not.toHaveProperty('body');
});

test('what the server could not read is told at its field', () => {
  const post = { ...usualHealthCheck, method: 'post' as const };
  expect(healthCheckFaults({ ...post, body: '{' })).toEqual({ body: 'form.noJson' });
  expect(healthCheckFaults({ ...post, body: '3' })).toEqual({ body: 'form.noJson' });
  expect(healthCheckFaults({ ...post, body: '{"a": 1}', statuses: ['200'] })).toEqual({});
  expect(healthCheckFaults({ ...usualHealthCheck, body: '{', statuses: ['200', 'ok'] })).toEqual({
    statuses: 'form.noStatus',
  });
});
