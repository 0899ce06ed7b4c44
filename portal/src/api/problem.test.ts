import { expect, test } from 'vitest';
import { faultsByField, Problem, sentenceOf } from './problem';

test('a problem document becomes an error with its sentence and faults', async () => {
  const fault = { resource: 'Provider/x', field: 'spec.keys[0].secret', problem: 'is missing' };
  const body = { type: '/problems/invalid-configuration', title: 'Invalid', detail: 'One fault.', faults: [fault] };
  const problem = await Problem.from(new Response(JSON.stringify(body), { status: 422 }));
  expect(problem.code).toBe('invalid-configuration');
  expect(sentenceOf(problem)).toBe('One fault.');
  expect(problem.faults).toEqual([fault]);
});

test('an answer that is no problem document still says its status', async () => {
  const problem = await Problem.from(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
  expect([problem.status, sentenceOf(problem)]).toEqual([502, 'Bad Gateway']);
});

test('a refusal of the data plane says what it says', async () => {
  const body = { error: { message: 'The model is not there.', type: 'invalid_request_error' } };
  expect(sentenceOf(await Problem.from(new Response(JSON.stringify(body), { status: 404 })))).toBe(
    'The model is not there.',
  );
});

test('faults are filed under the names that forms use', () => {
  const at = (field: string, problem: string) => ({ resource: '', field, problem });
  expect(
    faultsByField([at('spec.keys[0].secret', 'a'), at('id', 'b'), at('spec', 'c'), at('spec.targets[12].model', 'd')]),
  ).toEqual({ 'keys.0.secret': 'a', id: 'b', '': 'c', 'targets.12.model': 'd' });
  expect(faultsByField([at('id', 'one.'), at('id', 'two.')])).toEqual({ id: 'one. two.' });
});
