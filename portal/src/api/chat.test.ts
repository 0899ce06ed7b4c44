import { expect, test } from 'vitest';
import { nothingYet, readEvents, withPiece } from './chat';

const stream = [
  ': a comment\n\n',
  'data: {"choices":[{"delta":{"role":"assistant","content":"水 "}}]}\n\n',
  'data: {"choices":[{"delta":{"content":"flows"},"finish_reason":"stop"}]}\r\n\r\n',
  'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"cost":0.0000019}}\n\n',
  'data: [DONE]\n\n',
].join('');

function cutAt(bytes: Uint8Array, size: number): Response {
  const chunks = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  return new Response(chunks);
}

test.each([1, 2, 3, 7, 64, 10_000])('a stream cut every %i bytes gives the same answer', async (size) => {
  let answer = nothingYet;
  await readEvents(cutAt(new TextEncoder().encode(stream), size), (piece) => {
    answer = withPiece(answer, piece);
  });
  expect(answer).toMatchObject({
    text: '水 flows',
    finishReason: 'stop',
    inputTokens: 7,
    outputTokens: 3,
    cost: 1_900,
  });
});

test('an answer that is no stream is one piece', () => {
  const body = {
    choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  };
  expect(withPiece(nothingYet, body)).toMatchObject({ text: 'Hello', finishReason: 'stop', cost: null });
});

test('calls of tools come whole, or piece by piece and by their place', () => {
  const piece = (index: number, name: string | undefined, text: string) => ({
    choices: [{ delta: { tool_calls: [{ index, function: { ...(name ? { name } : {}), arguments: text } }] } }],
  });
  const pieces = [
    piece(0, 'weather', ''),
    piece(0, undefined, '{"city":'),
    piece(1, 'time', '{}'),
    piece(0, undefined, '"Oslo"}'),
  ];
  const calls = [
    { name: 'weather', arguments: '{"city":"Oslo"}' },
    { name: 'time', arguments: '{}' },
  ];
  expect(pieces.reduce(withPiece, nothingYet).toolCalls).toEqual(calls);
  const whole = { choices: [{ message: { content: null, tool_calls: calls.map((call) => ({ function: call })) } }] };
  expect(withPiece(nothingYet, whole).toolCalls).toEqual(calls);
});

test('an error in the middle of a stream keeps the text that came before it', () => {
  const begun = withPiece(nothingYet, { choices: [{ delta: { content: 'Once' } }] });
  expect(withPiece(begun, { error: { message: 'overloaded' } })).toMatchObject({ text: 'Once', error: 'overloaded' });
});
