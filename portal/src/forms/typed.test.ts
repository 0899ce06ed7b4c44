import { expect, test } from 'vitest';
import { keepTyped, sameValues } from './typed';

const settled = {
  name: 'A',
  description: '',
  keys: [{ id: 'main', secret: 'sk-1' }],
  timeouts: { connect_ms: 1, total_ms: 2 },
};
const fresh = { ...settled, name: 'A', description: 'theirs', keys: [{ id: 'main', secret: 'sealed:1' }] };

test('where nothing was typed, the form is what was read', () => {
  expect(keepTyped(settled, structuredClone(settled), fresh)).toBe(fresh);
});

test('what was typed since stays, and all else is the new version', () => {
  const now = { ...settled, name: 'typed', timeouts: { connect_ms: 9, total_ms: 2 } };
  expect(keepTyped(settled, now, fresh)).toEqual({ ...fresh, name: 'typed', timeouts: { connect_ms: 9, total_ms: 2 } });
});

test('where both changed a field, what was typed stays', () => {
  expect(keepTyped(settled, { ...settled, description: 'mine' }, fresh).description).toBe('mine');
});

test('values are compared by content, whatever the order of their fields', () => {
  const { name, ...rest } = settled;
  expect(sameValues(settled, { ...rest, name })).toBe(true);
  expect(sameValues(settled, { ...settled, name: 'B' })).toBe(false);
});
