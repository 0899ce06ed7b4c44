import { expect, test } from 'vitest';
import type { ShadowState, TargetState } from '../../api/types';
import { copiesOf, levelsOf, shadowStand, standOf, wordOf } from './stand';

const ready: TargetState = {
  provider: 'p',
  model: 'm',
  priority: 0,
  weight: 1,
  disabled: false,
  breaker: 'closed',
  in_flight: 0,
  picks: 0,
};

test('the strongest reason not to call a target is the one that is shown', () => {
  const cooldown = { until: 5, reason: 'limited' } as const;
  expect(standOf(ready)).toEqual({ tone: 'good', word: 'ready', until: null });
  expect(standOf({ ...ready, cooldown })).toEqual({ tone: 'warn', word: 'limited', until: 5 });
  expect(standOf({ ...ready, cooldown, breaker: 'half_open' }).word).toBe('probing');
  expect(standOf({ ...ready, cooldown, breaker: 'open' })).toEqual({ tone: 'bad', word: 'open', until: 5 });
  expect(standOf({ ...ready, breaker: 'open', healthy: false }).word).toBe('unhealthy');
  expect(standOf({ ...ready, breaker: 'open', disabled: true }).word).toBe('disabled');
});

test('shares are of the calls within a priority, and 0 before the first', () => {
  const levels = levelsOf([
    { ...ready, priority: 1, picks: 0 },
    { ...ready, model: 'a', picks: 3 },
    { ...ready, model: 'b', picks: 1 },
  ]);
  expect(levels.map(({ priority, picks, targets }) => [priority, picks, targets.map((one) => one.share)])).toEqual([
    [0, 4, [0.75, 0.25]],
    [1, 0, [0]],
  ]);
});

test('a key is said to be left alone, or tried, only while its breaker is not closed', () => {
  expect((['closed', 'half_open', 'open'] as const).map((breaker) => wordOf(breaker)?.word)).toEqual([
    undefined,
    'probing',
    'open',
  ]);
});

test('without a weight a target is on standby, unless none has one', () => {
  const standby = (weights: number[]) =>
    levelsOf(weights.map((weight) => ({ ...ready, weight })))[0]?.targets.map((one) => one.standby);
  expect(standby([1, 0])).toEqual([false, true]);
  expect(standby([0, 0])).toEqual([false, false]);
});

const shadow: ShadowState = {
  target: ready,
  percent: 10,
  copies: { same: 3, different: 0, not_compared: 0, failed: 1, busy: 0, resting: 2, unfit: 0 },
  cost: 0,
  unpriced: 0,
};

test('a shadow rests by itself, unless its target is left alone by all', () => {
  expect(shadowStand(shadow).word).toBe('ready');
  expect(shadowStand({ ...shadow, rests_until: 7 })).toEqual({ tone: 'warn', word: 'resting', until: 7 });
  expect(shadowStand({ ...shadow, rests_until: 7, target: { ...ready, healthy: false } }).word).toBe('unhealthy');
});

test('of copies the comparison is always told, and the rest where there is some', () => {
  expect(copiesOf(shadow).map(({ name, count }) => `${name} ${count}`)).toEqual([
    'same 3',
    'different 0',
    'failed 1',
    'resting 2',
  ]);
});
