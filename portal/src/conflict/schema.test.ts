import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Schemas } from '../api/document';
import { parts, presets } from './policy';
import { type Field, fieldsOf } from './schema';

const { components } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { components: { schemas: Schemas } };
const fields = fieldsOf(components.schemas, 'Conflict');

function find(path: string[], among: Field[] = fields): Field | undefined {
  const [name, ...rest] = path;
  const field = among.find((one) => one.name === name);
  if (!field || rest.length === 0) return field;
  return field.kind === 'part' || field.kind === 'parts' ? find(rest, field.fields) : undefined;
}

const all = (among: Field[]): Field[] =>
  among.flatMap((field) => [field, ...(field.kind === 'part' || field.kind === 'parts' ? all(field.fields) : [])]);

test('every part of a policy that the API has can be switched on', () => {
  const known = fields.filter(({ kind }) => kind === 'part' || kind === 'parts').map(({ name }) => name);
  expect([...parts].sort()).toEqual(known.sort());
});

test('each kind of field is told by its schema', () => {
  expect(find(['lock', 'max_ttl'])).toMatchObject({ kind: 'text', example: '10s', usual: '1h', optional: false });
  expect(find(['lock', 'fencing_header'])).toMatchObject({ kind: 'text', example: '', usual: 'Fencing-Token' });
  expect(find(['lock', 'webdav'])).toMatchObject({ kind: 'yes', usual: false });
  expect(find(['lock', 'guard'])).toMatchObject({ kind: 'words', words: ['write', 'read'] });
  expect(find(['writers'])).toMatchObject({ kind: 'word', words: ['mixed', 'gateway-only'] });
  expect(find(['status_header'])).toMatchObject({ kind: 'yes', optional: true });
  expect(find(['idempotency', 'store_5xx'])).toMatchObject({ kind: 'numbers', usual: [500, 501] });
  expect(find(['preconditions', 'require'])).toMatchObject({ kind: 'part', optional: true });
  expect(find(['upstream_conflict', 'backoff'])).toMatchObject({ kind: 'part', optional: false });
  expect(find(['upstream_conflict', 'deadline'])).toMatchObject({ kind: 'text', optional: true });
  expect(find(['concurrency', 'priorities'])).toMatchObject({ kind: 'named' });
});

test('every field says what it is for', () => {
  expect(
    all(fields)
      .filter(({ about }) => about === '')
      .map(({ name }) => name),
  ).toEqual([]);
});

test('presets name only fields that there are', () => {
  const paths = (value: unknown, path: string[] = []): string[][] => {
    if (Array.isArray(value)) return value.flatMap((item) => (typeof item === 'object' ? paths(item, path) : []));
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) => [[...path, name], ...paths(inner, [...path, name])]);
  };
  const unknown = Object.values(presets)
    .flatMap((preset) => paths(preset))
    .filter((path) => !find(path));
  expect(unknown).toEqual([]);
});
