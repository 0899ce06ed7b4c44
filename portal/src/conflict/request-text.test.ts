import { expect, test } from 'vitest';
import { headersOf, readPasted } from './request-text';

test('an HTTP message is taken apart', () => {
  const text = 'PUT /orders/42?x=1 HTTP/1.1\r\nHost: api.example.com\r\nIf-Match: "v1"\r\nContent-Length: 2\r\n\r\n{}';
  expect(readPasted(text)).toEqual({
    method: 'PUT',
    path: '/orders/42?x=1',
    host: 'api.example.com',
    headers: 'If-Match: "v1"',
    body: '{}',
  });
});

test('a curl command is taken apart, with its quotes and broken lines', () => {
  const text = `curl -sS -X PATCH 'https://api.example.com/orders/42' \\
  -H 'If-Match: "v1"' -H "X-Note: it's \\"mine\\"" --data-raw '{"a": 1}'`;
  expect(readPasted(text)).toEqual({
    method: 'PATCH',
    path: '/orders/42',
    host: 'api.example.com',
    headers: 'If-Match: "v1"\nX-Note: it\'s "mine"',
    body: '{"a": 1}',
  });
});

test('curl sends POST with a body, and GET without', () => {
  expect(readPasted('curl http://localhost/a')).toMatchObject({ method: 'GET', path: '/a', body: '' });
  expect(readPasted('curl http://localhost/a -d x=1 -d y=2')).toMatchObject({ method: 'POST', body: 'x=1&y=2' });
});

test('what is no request stays what it is', () => {
  for (const text of ['/orders/42', '"v1"', 'If-Match: "v1"', 'curl --help', '']) {
    expect(readPasted(text)).toBeUndefined();
  }
});

test('lines of one header are one field', () => {
  expect(headersOf('If-Match: "a"\nif-match: "b"\n\nnonsense\nX: 1:2')).toEqual({ 'if-match': '"a", "b"', x: '1:2' });
});
