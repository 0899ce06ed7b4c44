import { expect, test } from 'vitest';
import { defaultSide, differences, merge, sameJson } from './merge';

const base = { name: 'A', timeouts: { connect_ms: 1, total_ms: 2 }, keys: [{ id: 'one' }] };

test('each side keeps what only it changed', () => {
  const mine = { ...base, name: 'mine' };
  const theirs = { ...base, timeouts: { connect_ms: 1, total_ms: 9 } };
  const found = differences(base, mine, theirs);
  expect(found.map((d) => [d.path, d.by])).toEqual([
    ['name', 'mine'],
    ['timeouts.total_ms', 'theirs'],
  ]);
  expect(merge(base, found, {})).toEqual({ ...base, name: 'mine', timeouts: { connect_ms: 1, total_ms: 9 } });
});

test('a conflict is decided by nobody but the reader', () => {
  const found = differences(base, { ...base, name: 'mine' }, { ...base, name: 'theirs' });
  expect(found).toHaveLength(1);
  expect(found[0] && defaultSide(found[0])).toBeNull();
  expect(merge(base, found, { name: 'mine' }).name).toBe('mine');
  expect(merge(base, found, { name: 'theirs' }).name).toBe('theirs');
});

test('fields appear and vanish', () => {
  const { keys: _, ...without } = base;
  const found = differences(base, { ...base, description: 'new' }, without);
  expect(merge(base, found, {})).toEqual({ name: 'A', timeouts: base.timeouts, description: 'new' });
});

test('a list is one field, and equal changes are no conflict', () => {
  const keys = [{ id: 'one' }, { id: 'two' }];
  const found = differences(base, { ...base, keys }, { ...base, keys: structuredClone(keys) });
  expect(found.map((d) => [d.path, d.by])).toEqual([['keys', 'same']]);
  expect(merge(base, found, {}).keys).toEqual(keys);
});

test('the merge leaves its sources alone', () => {
  const before = structuredClone(base);
  merge(base, differences(base, { ...base, timeouts: { connect_ms: 7, total_ms: 2 } }, base), {});
  expect(base).toEqual(before);
});

test('key order says nothing', () => {
  expect(sameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson({ a: 1 }, {})).toBe(false);
});
