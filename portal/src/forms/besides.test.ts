import { expect, test } from 'vitest';
import { besides } from './use-resource-form';

test('what the form has no field for survives, what it knows is its own', () => {
  const spec = { name: 'A', newer: { deep: [1] }, disabled: true };
  expect(besides(spec, { name: 'A', disabled: true } as typeof spec)).toEqual({ newer: { deep: [1] } });
  expect(besides(spec, spec)).toEqual({});
});
