// A request as people have it at hand: an HTTP message, or a curl command, taken apart.

export interface PastedRequest {
  host?: string;
  method: string;
  path: string;
  headers: string;
  body: string;
}

export function readPasted(text: string): PastedRequest | undefined {
  const trimmed = text.trim();
  return /^curl\s/.test(trimmed) ? readCurl(trimmed) : readMessage(trimmed);
}

/** `PUT /orders/42 HTTP/1.1`, headers, an empty line, the body. */
function readMessage(text: string): PastedRequest | undefined {
  const [first = '', ...lines] = text.split(/\r?\n/);
  const [, method, target] = /^([A-Z]+)\s+(\S+)(?:\s+HTTP\/\d(?:\.\d)?)?$/.exec(first.trim()) ?? [];
  if (!method || !target) return undefined;
  const end = lines.findIndex((line) => line.trim() === '');
  const headers = end < 0 ? lines : lines.slice(0, end);
  return { method, ...placeOf(target), ...fieldsOf(headers), body: end < 0 ? '' : lines.slice(end + 1).join('\n') };
}

/** The host has a field of its own where it is asked for; what the connection needs is not sent. */
function fieldsOf(lines: string[]): { headers: string; host?: string } {
  const host = lines.map((line) => /^host:\s*(\S+)/i.exec(line)?.[1]).find(Boolean);
  const headers = lines.filter((line) => !/^(host|content-length|connection):/i.test(line)).join('\n');
  return { headers, ...(host ? { host } : {}) };
}

function placeOf(target: string): { path: string; host?: string } {
  if (!/^https?:\/\//i.test(target)) return { path: target };
  const url = new URL(target);
  return { path: url.pathname + url.search, host: url.host };
}

/** Options of curl that take a value, by what they are to a request. */
const options: Record<string, 'method' | 'header' | 'body'> = {
  '-X': 'method',
  '--request': 'method',
  '-H': 'header',
  '--header': 'header',
  '-d': 'body',
  '--data': 'body',
  '--data-raw': 'body',
  '--data-binary': 'body',
  '--json': 'body',
};

function readCurl(text: string): PastedRequest | undefined {
  const words = shellWords(text.replace(/\\\r?\n/g, ' ')).slice(1);
  const found: Record<'method' | 'header' | 'body' | 'url', string[]> = { method: [], header: [], body: [], url: [] };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const option = options[word];
    if (option) {
      at += 1;
      found[option].push(words[at] ?? '');
    } else if (!word.startsWith('-')) found.url.push(word);
  }
  const [url] = found.url;
  if (!url || !URL.canParse(url)) return undefined;
  if (words.includes('--json')) found.header.push('Content-Type: application/json');
  const method = found.method[0] ?? (found.body.length > 0 ? 'POST' : words.includes('-I') ? 'HEAD' : 'GET');
  return { method, ...fieldsOf(found.header), ...placeOf(url), body: found.body.join('&') };
}

/** Words as a shell parts them: by blanks that stand in no quotes. */
function shellWords(text: string): string[] {
  const words = text.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
      (_, single: string | undefined, double: string | undefined, escaped: string | undefined) =>
        single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
    ),
  );
}

/** Header lines by name; several of one name are one field (RFC 9110 section 5.3). */
export function headersOf(lines: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}
