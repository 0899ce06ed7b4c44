import { expect, test } from 'vitest';
import { keyState } from './key-state';

test('a key is judged by revocation first, then by its end', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  expect(keyState({}, now)).toBe('active');
  expect(keyState({ expires_at: '2026-07-01T00:00:00Z' }, now)).toBe('active');
  expect(keyState({ expires_at: '2026-06-05T00:00:00Z' }, now)).toBe('expiring');
  expect(keyState({ expires_at: '2026-06-01T00:00:00Z' }, now)).toBe('expired');
  expect(keyState({ expires_at: '2026-07-01T00:00:00Z', revoked: true }, now)).toBe('revoked');
});
