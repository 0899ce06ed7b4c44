// A call of the gateway as curl, Python and Node.

/** The body of a chat, as the gateway takes it. */
export interface ChatBody {
  model: string;
  messages: { role: string; content: unknown }[];
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  tools?: unknown[];
}

export interface Call {
  gateway: string;
  /** Null where no key is at hand: the snippet reads it from the environment then. */
  apiKey: string | null;
  body: ChatBody;
}

/** The variable that a snippet without a key reads. */
const variable = 'WEIR_API_KEY';

/** A word for a POSIX shell: within single quotes nothing is special but the quote itself. */
const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export function curlSnippet({ gateway, apiKey, body }: Call): string {
  return [
    `curl ${gateway}/v1/chat/completions`,
    apiKey === null ? `-H "Authorization: Bearer $${variable}"` : `-H ${shell(`Authorization: Bearer ${apiKey}`)}`,
    `-H 'Content-Type: application/json'`,
    `-d ${shell(JSON.stringify(body))}`,
  ].join(' \\\n  ');
}

/** A value as Python writes it: as JSON, but for what is true, false or nothing. */
function python(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${JSON.stringify(name)}: ${python(inner)}`)
    .join(', ')}}`;
}

/** The fields of the body one below the other. */
function fields(body: ChatBody, literal: (value: unknown) => string, write: (name: string, value: string) => string) {
  const messages = body.messages.map((message) => `        ${literal(message)},`).join('\n');
  const list = `[\n${messages}\n    ]`;
  const rest = Object.entries(body).filter(([name, value]) => name !== 'messages' && value !== undefined);
  return [...rest.map(([name, value]) => write(name, literal(value))), write('messages', list)].join('\n');
}

export function pythonSnippet({ gateway, apiKey, body }: Call): string {
  const key = apiKey === null ? `os.environ["${variable}"]` : JSON.stringify(apiKey);
  return `# pip install openai
${apiKey === null ? 'import os\n' : ''}from openai import OpenAI

client = OpenAI(
    base_url=${JSON.stringify(`${gateway}/v1`)},
    api_key=${key},
)
answer = client.chat.completions.create(
${fields(body, python, (name, value) => `    ${name}=${value},`)}
)
print(answer.choices[0].message.content)`;
}

export function nodeSnippet({ gateway, apiKey, body }: Call): string {
  const key = apiKey === null ? `process.env.${variable}` : JSON.stringify(apiKey);
  return `// npm install openai
import OpenAI from 'openai';

const client = new OpenAI({
    baseURL: ${JSON.stringify(`${gateway}/v1`)},
    apiKey: ${key},
});
const answer = await client.chat.completions.create({
${fields(body, JSON.stringify, (name, value) => `    ${name}: ${value},`)}
});
console.log(answer.choices[0].message.content);`;
}

/**
 * The gateway's address as the reader reaches it: where it listens on every address, the host is the one that the
 * portal was reached by.
 */
export function reachable(gateway: string, portalHost: string): string {
  const url = new URL(gateway);
  if (['0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = portalHost;
  return url.origin;
}

/** A model that the allow-list names, out of those that exist. */
export function firstAllowed(allowed: string[], known: string[]): string | undefined {
  const permits = (name: string) =>
    allowed.some(
      (rule) => rule === '*' || rule === name || (rule.endsWith('/*') && name.startsWith(rule.slice(0, -1))),
    );
  return known.find(permits) ?? allowed.find((rule) => !rule.includes('*'));
}
