import { expect, test } from 'vitest';
import type { StatusSample } from '../../api/conflicts';
import type { RequestRow } from '../../api/types';
import { answersByRoute } from './by-route';

const row = (route: string, path = '/x') => ({ route, method: 'PUT', path }) as RequestRow;
const sample = (status: StatusSample['status'], total: number, rows: RequestRow[]): StatusSample => ({
  status,
  total,
  rows,
});

test('answers are counted by route, most first', () => {
  const counted = answersByRoute([sample(409, 1, [row('b')]), sample(412, 3, [row('a'), row('a'), row('')])]);
  expect(counted.map(({ route, sum }) => [route, sum])).toEqual([
    ['a', 2],
    ['b', 1],
    ['PUT /x', 1],
  ]);
  expect(counted[0]?.counts).toEqual({ 412: { count: 2, atLeast: false } });
  expect(counted[2]?.known).toBe(false);
});

test('a count of which not all was looked at is no exact one, and no zero either', () => {
  const [a, b] = answersByRoute([sample(409, 9, [row('a'), row('a')]), sample(412, 1, [row('b')])]);
  expect(a?.counts[409]).toEqual({ count: 2, atLeast: true });
  expect(b?.counts[409]).toEqual({ count: 0, atLeast: true });
});
