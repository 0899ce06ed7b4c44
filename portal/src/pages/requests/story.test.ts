import { expect, test } from 'vitest';
import type { Attempt, Outcome, RequestDetail, Tokens } from '../../api/types';
import { answered, barOf, shadowsOf, story } from './story';

const tokens = {} as Tokens;
const attempt = (number: number, outcome: Outcome): Attempt => ({
  number,
  outcome,
  provider: 'p',
  provider_key: 'main',
  target: 'm',
  started_us: 100,
  first_byte_us: 50,
  duration_us: 200,
  status: outcome === 'ok' ? 200 : 429,
  error: '',
  usage: { tokens, source: 'none', units, service_tier: 'standard', region: 'global' },
  price: '',
  shadow: false,
});
// Units that are absent are 0: none are sent.
const units = {} as RequestDetail['usage']['units'];
const request = (part: Partial<RequestDetail>): RequestDetail =>
  ({
    application: 'app',
    model: 'fast',
    outcome: 'ok',
    error: '',
    status: 200,
    method: 'POST',
    path: '/x',
    ...part,
  }) as RequestDetail;

test('a fallback is told in order, and says when it went on', () => {
  const steps = story(request({ attempts: [attempt(1, 'upstream_error'), attempt(2, 'ok')] }));
  expect(steps.map((s) => s.say)).toEqual(['askedModel', 'attemptFailed', 'attemptOk', 'delivered']);
  expect(steps[1]).toMatchObject({ goesOn: true });
});

test('the last failed attempt does not go on', () => {
  const steps = story(request({ outcome: 'upstream_error', status: 502, attempts: [attempt(1, 'timeout')] }));
  expect(steps.map((s) => s.say)).toEqual(['askedModel', 'attemptFailed', 'ended']);
  expect(steps[1]).toMatchObject({ goesOn: false });
});

test('a caller that left is no failure of the target', () => {
  const steps = story(request({ outcome: 'aborted', attempts: [attempt(1, 'aborted')] }));
  expect(steps.map((s) => s.say)).toEqual(['askedModel', 'attemptLeft', 'left']);
});

test('what became of an answer whose caller left is told in its own words', () => {
  for (const word of ['cut', 'drained', 'truncated'] as const) {
    const left = { ...attempt(1, 'aborted'), aborted: word };
    expect(story(request({ outcome: 'aborted', attempts: [left] })).map((s) => s.say)).toEqual([
      'askedModel',
      word,
      'left',
    ]);
  }
});

test('an unknown caller is refused before any attempt', () => {
  const steps = story(request({ application: '', model: '', outcome: 'refused', status: 401, error: 'unknown_key' }));
  expect(steps.map((s) => s.say)).toEqual(['unknownCaller', 'askedPath', 'refused']);
});

test('what was left out, estimated or has no price is told after the end', () => {
  const usage = { tokens, source: 'estimated', units, service_tier: 'standard', region: 'global' };
  const told = (part: Partial<RequestDetail>) => {
    const all = story(request({ attempts: [attempt(1, 'ok')], provider: 'p', upstream_model: 'm', cost: 1, ...part }));
    return all.slice(3);
  };
  expect(told({})).toEqual([]);
  expect(told({ dropped: ['logprobs', 'seed'] })).toEqual([{ say: 'dropped', names: 'logprobs, seed', target: 'p/m' }]);
  expect(told({ usage })).toEqual([{ say: 'estimated' }]);
  expect(told({ cost: null })).toEqual([{ say: 'unpriced', target: 'p/m' }]);
  // What was refused before any provider was asked has no price to miss.
  expect(story(request({ outcome: 'refused', provider: '', cost: null })).map((s) => s.say)).not.toContain('unpriced');
});

test('bars lie within the whole', () => {
  expect(barOf(attempt(1, 'ok'), 400)).toEqual({ start: 0.25, width: 0.5, firstByte: 0.25 });
  const tiny = barOf({ ...attempt(1, 'connect_failed'), started_us: 400, duration_us: 0, first_byte_us: null }, 400);
  expect(tiny.start + tiny.width).toBeLessThanOrEqual(1);
  expect(tiny.firstByte).toBeNull();
});

test('a shadow is no part of the story, and stands beside the answer that the caller got', () => {
  const copy = { ...attempt(101, 'upstream_error'), shadow: true, same_answer: null };
  const made = request({ attempts: [attempt(1, 'timeout'), attempt(2, 'ok'), copy] });
  expect(story(made).map((s) => s.say)).toEqual(['askedModel', 'attemptFailed', 'attemptOk', 'delivered']);
  expect([answered(made)?.number, shadowsOf(made).map((one) => one.number)]).toEqual([2, [101]]);
});
