// docs/FIELDS.md is what the document says, and no field of a resource is without a word.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fieldsPage } from './api-fields.mjs';

const document = () => JSON.parse(readFileSync('openapi.json', 'utf8'));

test('docs/FIELDS.md names every field as the admin API describes it (npm run api:write brings it up)', () => {
  const { page, silent } = fieldsPage(document());
  expect(readFileSync('../docs/FIELDS.md', 'utf8')).toBe(page);
  expect(silent).toEqual([]);
  for (const field of ['| `shadow` | [Shadow](#shadow) |', '| `same_answer` |', '| `batches` | list of text |'])
    expect(page).toContain(field);
});

test('a field of a resource that says nothing, and one that is not on the page, are found', () => {
  const changed = document();
  changed.components.schemas.Shadow.properties.newer = { type: 'boolean' };
  const { page, silent } = fieldsPage(changed);
  expect(silent).toEqual(['Shadow.newer']);
  expect(page).not.toBe(fieldsPage(document()).page);
});
