import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { curlSnippet, firstAllowed, nodeSnippet, pythonSnippet, reachable } from './snippet-text';

test('the curl snippet is one command whose words a shell reads as meant', () => {
  const prompt = `it's "$HOME" \\ \`x\``;
  const call = {
    gateway: 'http://127.0.0.1:8080',
    apiKey: 'k',
    body: { model: 'm', messages: [{ role: 'user', content: prompt }] },
  };
  // The shell's own reading: curl is replaced by a function that prints its arguments.
  const script = `curl() { printf '%s\\n' "$@"; }\n${curlSnippet(call)}`;
  const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(words.slice(0, 5)).toEqual([
    'http://127.0.0.1:8080/v1/chat/completions',
    '-H',
    'Authorization: Bearer k',
    '-H',
    'Content-Type: application/json',
  ]);
  expect(JSON.parse(words[6] ?? '').messages[0].content).toBe(prompt);
});

test('an address that means every address becomes the one that the portal was reached by', () => {
  expect(reachable('http://0.0.0.0:8080', 'weir.example')).toBe('http://weir.example:8080');
  expect(reachable('http://[::]:8080/', 'weir.example')).toBe('http://weir.example:8080');
  expect(reachable('https://api.example', 'weir.example')).toBe('https://api.example');
});

test('the model of a snippet is one that the key may call', () => {
  expect(firstAllowed(['*'], ['fast', 'demo/demo-small'])).toBe('fast');
  expect(firstAllowed(['demo/*'], ['fast', 'demo/demo-small'])).toBe('demo/demo-small');
  expect(firstAllowed(['own'], ['fast'])).toBe('own');
  expect(firstAllowed([], ['fast'])).toBeUndefined();
});

test('without a key the snippets read it from the environment, and carry the parameters', () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], temperature: 0.5 };
  const call = { gateway: 'http://g', apiKey: null, body };
  expect(curlSnippet(call)).toContain('"Authorization: Bearer $WEIR_API_KEY"');
  expect(pythonSnippet(call)).toContain('os.environ["WEIR_API_KEY"]');
  expect(pythonSnippet(call)).toContain('temperature=0.5,');
  expect(nodeSnippet(call)).toContain('temperature: 0.5,');
});

test('values in Python are Python', () => {
  const tools = [{ type: 'function', function: { name: 'f', strict: true, parameters: null } }];
  const text = pythonSnippet({ gateway: 'http://g', apiKey: null, body: { model: 'm', messages: [], tools } });
  expect(text).toContain(
    'tools=[{"type": "function", "function": {"name": "f", "strict": True, "parameters": None}}],',
  );
});
