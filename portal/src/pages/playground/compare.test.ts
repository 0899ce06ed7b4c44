import { expect, test } from 'vitest';
import { nothingYet } from '../../api/chat';
import { bestOf } from './best';
import { chatRequest, modelsOf, type Reply, type Settings } from './use-conversation';

const settings: Settings = {
  model: 'a',
  against: ['b'],
  system: '',
  stream: false,
  temperature: '',
  topP: '',
  maxTokens: '',
};
const reply = (model: string, text: string, cost: number | null, totalMs: number): Reply => ({
  model,
  answer: { ...nothingYet, text, cost, totalMs },
  state: 'done',
  failure: null,
});

test('each model goes on from its own answers', () => {
  const turns = [{ id: 0, prompt: 'Hi', replies: [reply('a', 'A says', 1, 1), reply('b', 'B says', 1, 1)] }];
  const contents = (model: string) => chatRequest(settings, model, turns, 'And?').messages.map((one) => one.content);
  expect(contents('a')).toEqual(['Hi', 'A says', 'And?']);
  expect(contents('b')).toEqual(['Hi', 'B says', 'And?']);
  expect(contents('new')).toEqual(['And?']);
});

test('a model is asked once, however often it is named', () => {
  expect(modelsOf({ ...settings, against: ['a', 'b', 'b'] })).toEqual(['a', 'b']);
});

test('the best is told when all is known, and not of one alone or of equals', () => {
  const pair = [reply('a', '', 10, 5), reply('b', '', 20, 3)];
  expect(bestOf(pair).get('a')).toEqual({ cheapest: true, quickest: false });
  expect(bestOf(pair).get('b')).toEqual({ cheapest: false, quickest: true });
  expect(bestOf(pair.slice(1)).size).toBe(0);
  expect(bestOf([reply('a', '', 10, 5), reply('b', '', null, 3)]).get('a')?.cheapest).toBe(false);
  expect(bestOf([reply('a', '', 10, 5), reply('b', '', 10, 5)]).get('a')).toEqual({ cheapest: false, quickest: false });
  const failed: Reply = { ...reply('b', '', 20, 3), state: 'failed' };
  expect(bestOf([reply('a', '', 10, 5), failed]).size).toBe(0);
});
