// Proves that openapi.json is what the admin API serves, and that schema.d.ts and docs/FIELDS.md were made from it.
// With --write it brings all up to date. Asks the server at WEIR_ADMIN_URL, or starts the binary WEIR_BIN.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import openapiTS, { astToString } from 'openapi-typescript';
import { fieldsPage } from './api-fields.mjs';

const documentFile = 'openapi.json';
const typesFile = 'src/api/schema.d.ts';
const fieldsFile = '../docs/FIELDS.md';
const write = process.argv.includes('--write');

async function fromBinary() {
  const data = mkdtempSync(join(tmpdir(), 'weir-api-check-'));
  const binary = process.env.WEIR_BIN ?? '../target/debug/weir';
  const listen = ['--gateway-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--ops-listen', '127.0.0.1:0'];
  const weir = spawn(binary, ['run', '--data-dir', data, ...listen], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    for await (const line of createInterface({ input: weir.stdout })) {
      const said = JSON.parse(line);
      if (said.event === 'listening') return await read(`http://${said.admin}`);
    }
    throw new Error(`${binary} ended before it listened`);
  } finally {
    weir.kill('SIGTERM');
    rmSync(data, { recursive: true, force: true });
  }
}

async function read(server) {
  const answer = await fetch(`${server}/api/v1/openapi.json`);
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
  return `${JSON.stringify(await answer.json(), null, 2)}\n`;
}

const server = process.env.WEIR_ADMIN_URL;
const document = server ? await read(server) : await fromBinary();
const types = astToString(await openapiTS(document));
const { page } = fieldsPage(JSON.parse(document));
const made = [
  [documentFile, document],
  [typesFile, types],
  [fieldsFile, page],
];
if (write) for (const [file, text] of made) writeFileSync(file, text);
const stale = made.filter(([file, wanted]) => readFileSync(file, 'utf8') !== wanted);
for (const [file] of stale) console.error(`${file} is not current: run npm run api:write`);
console.log(stale.length === 0 ? 'the API client is current' : 'the API client is out of date');
process.exit(stale.length === 0 ? 0 : 1);
