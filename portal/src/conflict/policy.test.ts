import { expect, test } from 'vitest';
import { faultAt, policySpec, policyValues, presets, valueAt, withPreset, withValue } from './policy';

test('a setting comes back from its form as it was', () => {
  for (const setting of [undefined, 'off', { lock: { max_ttl: '5m' } }]) {
    expect(policySpec(policyValues(setting)).conflict).toEqual(setting);
  }
});

test('a value is put anywhere, and what is taken away leaves no trace', () => {
  const own = { lock: { webdav: true }, concurrency: [{ name: 'a' }, { name: 'b' }] };
  expect(withValue(own, ['lock', 'max_ttl'], '5m')).toEqual({ ...own, lock: { webdav: true, max_ttl: '5m' } });
  expect(withValue(own, ['concurrency', 1, 'limit'], 3)).toEqual({
    ...own,
    concurrency: [{ name: 'a' }, { name: 'b', limit: 3 }],
  });
  expect(withValue(own, ['concurrency', 0], undefined)).toEqual({ ...own, concurrency: [{ name: 'b' }] });
  expect(withValue(own, ['lock'], undefined)).toEqual({ concurrency: own.concurrency });
  expect(withValue({}, ['preconditions', 'require'], {})).toEqual({ preconditions: { require: {} } });
  expect(own).toEqual({ lock: { webdav: true }, concurrency: [{ name: 'a' }, { name: 'b' }] });
  expect(valueAt(own, ['concurrency', 1, 'name'])).toBe('b');
  expect(valueAt(own, ['lock', 'max_ttl'])).toBeUndefined();
});

test('a preset adds what is not there, and changes nothing that is', () => {
  const own = { preconditions: { evaluate: 'upstream' }, key: '{path}' };
  const protectedUpdates = withPreset(own, 'protect');
  expect(valueAt(protectedUpdates, ['preconditions', 'evaluate'])).toBe('upstream');
  expect(valueAt(protectedUpdates, ['preconditions', 'require', 'any_of'])).toEqual(['if-match']);
  expect(protectedUpdates['key']).toBe('{path}');
  const limited = withPreset(withPreset({}, 'limit'), 'limit');
  expect(limited['concurrency']).toHaveLength(1);
  expect(presets.limit.concurrency).toHaveLength(1);
});

test('a fault is found at its field, and within it only where that is asked', () => {
  const errors = { 'conflict.lock.max_ttl': 'too long', conflict: 'contradicts', 'conflict.lockless': 'unknown' };
  expect(faultAt(errors, ['lock', 'max_ttl'], false)).toBe('too long');
  expect(faultAt(errors, ['lock'], false)).toBeUndefined();
  expect(faultAt(errors, ['lock'], true)).toBe('too long');
  expect(faultAt(errors, [], false)).toBe('contradicts');
});
