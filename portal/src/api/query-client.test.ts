import { expect, test } from 'vitest';
import { ConnectionLost, Problem } from './problem';
import { worthAgain, worthAwaiting } from './query-client';

const refusal = (status: number) => new Problem(status, '', 'No', '', [], null);

test('a refusal is not asked for again, a failure is, twice', () => {
  for (const status of [400, 401, 403, 404, 409, 412, 422]) expect(worthAgain(0, refusal(status))).toBe(false);
  for (const failure of [refusal(500), refusal(503), new ConnectionLost('unreachable')]) {
    expect([0, 1, 2].map((count) => worthAgain(count, failure))).toEqual([true, true, false]);
  }
});

test('what is not there yet is awaited, what may not be read is not', () => {
  expect([0, 4, 5].map((count) => worthAwaiting(count, refusal(404)))).toEqual([true, true, false]);
  expect(worthAwaiting(0, refusal(403))).toBe(false);
  expect(worthAwaiting(2, refusal(500))).toBe(false);
});
