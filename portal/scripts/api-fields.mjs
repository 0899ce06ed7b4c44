// Writes docs/FIELDS.md out of the admin API's OpenAPI document: every field of a document and of the API's other bodies.

/** The kinds of documents, in the order in which people meet them. */
const kinds = [
  'Provider',
  'ModelRoute',
  'Price',
  'Application',
  'ApiKey',
  'Team',
  'Service',
  'Route',
  'Upstream',
  'ConflictPolicy',
  'ConflictStore',
];
/** What every kind has around its `spec`; docs/API.md says it once for all. */
const envelope = new RegExp(`^(${kinds.join('|')})(Create|Page|Replace|Resource)$`);
/** Numbers that have a name of their own in the document, but say nothing beside the field that holds one. */
const bare = ['i64'];

const head = `# Fields

Every field of a document (what stands under \`spec\` in YAML and in the admin API) and of the admin API's other bodies. Made from
the API's OpenAPI document by \`npm run api:write\` in \`portal/\`; a test fails where the two differ. What the parts mean together
is in [OPERATIONS.md](OPERATIONS.md), [PRICES.md](PRICES.md) and [API.md](API.md). A field marked * must be there, and in an
answer always is; any other may be left out.
`;

/** The name that a reference leads to. */
const target = (schema) => schema?.$ref?.split('/').pop();
const wordsOf = (words) => words.map((word) => `\`${word}\``).join(', ');
/** Text of one line that stands in a table. */
const cell = (text) => text.trim().split(/\s+/).join(' ').replaceAll('|', '\\|');

/** A default that says something; the rest is what absence says anyway. */
const defaultOf = ({ default: usual }) =>
  usual && typeof usual !== 'object' ? ` Default: \`${JSON.stringify(usual)}\`.` : '';

/** What the named schemas of a document say. */
function reader(schemas) {
  /** What is one with the schema: itself, or the parts that it is put together from. */
  const pieces = (schema) =>
    schema.allOf ? schema.allOf.flatMap((part) => pieces(target(part) ? schemas[target(part)] : part)) : [schema];
  const fieldsOf = (name) => pieces(schemas[name]).flatMap((piece) => Object.entries(piece.properties ?? {}));
  const requiredOf = (name) => pieces(schemas[name]).flatMap((piece) => piece.required ?? []);

  /** Every name that a schema refers to, in its order. */
  const references = (value) => {
    if (typeof value !== 'object' || value === null) return [];
    const own = target(value);
    return [...(own ? [own] : []), ...Object.values(value).flatMap(references)];
  };

  /** All that a schema leads to, itself first. */
  const reached = (from, found = []) => {
    if (found.includes(from) || bare.includes(from)) return found;
    found.push(from);
    for (const name of references(schemas[from])) reached(name, found);
    return found;
  };

  /** What a field is for, in its own words, else in those of what it holds. */
  const meaning = (schema) => {
    const inner = schema.oneOf?.find(target) ?? schema;
    return schema.description ?? inner.description ?? schemas[target(inner)]?.description ?? '';
  };

  const holds = (schema) => {
    const name = target(schema);
    if (name) {
      const held = schemas[name];
      if (held.enum) return wordsOf(held.enum);
      return fieldsOf(name).length === 0 ? holds(held) : `[${name}](#${name.toLowerCase()})`;
    }
    if (schema.enum) return wordsOf(schema.enum);
    if (schema.oneOf) {
      const said = schema.oneOf.filter((one) => one.type !== 'null').map(holds);
      return said.join(' or ');
    }
    const type = [schema.type].flat().find((one) => one !== 'null');
    if (type === 'array') return `list of ${holds(schema.items)}`;
    if (type === 'object' && typeof schema.additionalProperties === 'object') {
      return `${holds(schema.additionalProperties)} by name`;
    }
    const words = { string: 'text', integer: 'number', number: 'number', boolean: 'yes or no', object: 'object' };
    return words[type] ?? 'anything';
  };

  return { fieldsOf, requiredOf, reached, meaning, holds };
}

/** The page, and fields of documents that do not say what they are for. */
export function fieldsPage(document) {
  const schemas = document.components.schemas;
  const { fieldsOf, requiredOf, reached, meaning, holds } = reader(schemas);

  /** One schema with its fields; one that is a word out of several is told where it is used. */
  const part = (name, level) => {
    const fields = fieldsOf(name);
    if (fields.length === 0) return '';
    const required = requiredOf(name);
    const rows = fields.map(([field, schema]) => {
      const said = `${cell(meaning(schema))}${defaultOf(schema)}`.trim();
      return `| \`${field}\`${required.includes(field) ? '*' : ''} | ${cell(holds(schema))} | ${said} |`;
    });
    const about = schemas[name].description;
    const table = ['| field | holds | meaning |', '|---|---|---|', ...rows];
    return ['', `${level} ${name}`, ...(about ? [about.trim()] : []), '', ...table, ''].join('\n');
  };

  const shown = new Set();
  const show = (name, level) => {
    if (shown.has(name)) return '';
    shown.add(name);
    return part(name, level);
  };
  const documents = kinds.map(
    (kind) =>
      show(kind, '##') +
      reached(kind)
        .map((name) => show(name, '###'))
        .join(''),
  );
  const silent = [...shown].flatMap((name) =>
    fieldsOf(name)
      .filter(([, schema]) => meaning(schema) === '')
      .map(([field]) => `${name}.${field}`),
  );
  const others = Object.keys(schemas).filter((name) => !envelope.test(name));
  const bodies = others.map((name) => show(name, '##'));
  const page = [head, '\n# Documents\n', ...documents, '\n# Other bodies of the admin API\n', ...bodies].join('');
  return { page, silent };
}
