import { expect, test } from 'vitest';
import { nothingYet } from '../../api/chat';
import { bestOf } from './best';
import { readTools } from './tools';
import { chatRequest, modelsOf, type Reply, type Settings } from './use-conversation';

const settings: Settings = {
  model: 'a',
  against: ['b'],
  system: '',
  stream: false,
  temperature: '',
  topP: '',
  maxTokens: '',
  tools: '',
};
const reply = (model: string, text: string, cost: number | null, totalMs: number): Reply => ({
  model,
  answer: { ...nothingYet, text, cost, totalMs },
  state: 'done',
  failure: null,
});

test('each model goes on from its own answers', () => {
  const turns = [
    { id: 0, prompt: 'Hi', images: [], replies: [reply('a', 'A says', 1, 1), reply('b', 'B says', 1, 1)] },
  ];
  const contents = (model: string) =>
    chatRequest(settings, model, turns, { prompt: 'And?', images: [] }).messages.map((one) => one.content);
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

test('images stand before what is asked about them, and stay in the conversation', () => {
  const images = [{ name: 'a.png', url: 'data:image/png;base64,AA' }];
  const part = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } };
  const asked = { prompt: 'What is it?', images };
  const content = [part, { type: 'text', text: 'What is it?' }];
  expect(chatRequest(settings, 'a', [], asked).messages).toEqual([{ role: 'user', content }]);
  const turns = [{ id: 0, ...asked, replies: [reply('a', 'A cat', 1, 1)] }];
  expect(chatRequest(settings, 'a', turns, { prompt: 'Sure?', images: [] }).messages[0]?.content).toEqual(content);
});

test('tools are sent when they are an array of objects, and none for nothing', () => {
  const tools = [{ type: 'function', function: { name: 'weather' } }];
  expect(readTools(' ')).toEqual([]);
  expect(readTools(JSON.stringify(tools))).toEqual(tools);
  for (const wrong of ['{', '{}', '[1]', 'null']) expect(readTools(wrong)).toBeNull();
  const asked = { prompt: 'Hi', images: [] };
  expect(chatRequest({ ...settings, tools: JSON.stringify(tools) }, 'a', [], asked).tools).toEqual(tools);
  expect(chatRequest(settings, 'a', [], asked)).not.toHaveProperty('tools');
});
