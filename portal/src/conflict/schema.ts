// The fields of a conflict policy, read out of the admin API's document: what each holds, what it means, its default.
import type { Schema, Schemas } from '../api/document';

/** What one field holds. */
export type Held =
  | { kind: 'text'; example: string }
  | { kind: 'number' }
  | { kind: 'yes' }
  /** One word out of several. */
  | { kind: 'word'; words: string[] }
  | { kind: 'words'; words: string[] }
  | { kind: 'texts' }
  | { kind: 'numbers' }
  /** Texts by a name that people choose. */
  | { kind: 'named' }
  | { kind: 'part'; fields: Field[] }
  | { kind: 'parts'; fields: Field[] };

export type Field = Held & {
  name: string;
  /** One sentence or two, in the words of the document. */
  about: string;
  /** What holds where nothing is said. */
  usual?: unknown;
  /** Whether absent is something else than any value that it can have. */
  optional: boolean;
};

const nameOf = (schema: Schema | undefined) => schema?.$ref?.split('/').pop();
const plain = (text: string) => text.trim().split(/\s+/).join(' ');

export function fieldsOf(schemas: Schemas, name: string): Field[] {
  const { properties = {} } = schemas[name] ?? {};
  return Object.entries(properties).map(([field, schema]) => {
    const inner = schema.oneOf?.find((one) => one.type !== 'null') ?? schema;
    const target = schemas[nameOf(inner) ?? ''];
    const types = [schema.type].flat();
    return {
      name: field,
      about: plain(schema.description ?? inner.description ?? target?.description ?? ''),
      usual: schema.default,
      optional: Boolean(schema.oneOf) || types.includes('null'),
      ...heldBy(schemas, inner),
    };
  });
}

function heldBy(schemas: Schemas, schema: Schema): Held {
  const name = nameOf(schema);
  const target = name ? schemas[name] : schema;
  if (!target) return { kind: 'text', example: '' };
  if (target.enum) return { kind: 'word', words: target.enum };
  if (name && target.properties) return { kind: 'part', fields: fieldsOf(schemas, name) };
  switch ([target.type].flat().find((type) => type !== 'null')) {
    case 'boolean':
      return { kind: 'yes' };
    case 'integer':
    case 'number':
      return { kind: 'number' };
    case 'array':
      return listOf(heldBy(schemas, target.items ?? {}));
    case 'object':
      return { kind: 'named' };
    default:
      return { kind: 'text', example: String(target.example ?? '') };
  }
}

function listOf(item: Held): Held {
  if (item.kind === 'word') return { kind: 'words', words: item.words };
  if (item.kind === 'part') return { kind: 'parts', fields: item.fields };
  return { kind: item.kind === 'number' ? 'numbers' : 'texts' };
}
