import { expect, test } from 'vitest';
import { linesOf, shownAs } from './body-text';

test('JSON is indented, the events of a stream too, and what is cut off stays as it is', () => {
  expect(shownAs('{"a":[1,"x"]}')).toBe('{\n  "a": [\n    1,\n    "x"\n  ]\n}');
  expect(shownAs('event: a\ndata: {"n":1}\n\ndata: [DONE]\n\n')).toBe(
    'event: a\ndata: {\n  "n": 1\n}\n\ndata: [\n  "DONE"\n]'.replace('[\n  "DONE"\n]', '[DONE]'),
  );
  expect(shownAs('{"a":"cut of')).toBe('{"a":"cut of');
  expect(shownAs('7')).toBe('7');
});

test('a difference keeps what is common and names what goes and comes', () => {
  const told = linesOf('a\nb\nc\nd', 'a\nc\nx\nd')?.map(({ how, text }) => `${how} ${text}`);
  expect(told).toEqual(['same a', 'gone b', 'same c', 'come x', 'same d']);
  expect(linesOf('a', 'b')?.map(({ how }) => how)).toEqual(['gone', 'come']);
  expect(linesOf('x\n'.repeat(3_000), 'y\n'.repeat(3_000))).toBeNull();
});
