import { expect, test } from 'vitest';
import { applicationSpec, applicationValues, idFromName } from './values';

test('an application comes back from its form as it went in', () => {
  const may = { models: ['*'], services: ['orders'], providers: ['openai'], batches: ['openai', 'azure'] };
  const spec = { name: 'A', ...may, disabled: true };
  expect(applicationSpec(applicationValues(spec, 'a'))).toEqual(spec);
  expect(applicationSpec(applicationValues({ models: [], services: [] }, 'a'))).toEqual({ models: [], services: [] });
});

test('ids out of names', () => {
  expect(['Mobile App (iOS)', ' Größe & Café ', '中文'].map(idFromName)).toEqual(['mobile-app-ios', 'gro-e-cafe', '']);
});
