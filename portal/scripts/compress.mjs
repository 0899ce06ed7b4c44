// Puts a .br and a .gz beside each file of dist that gains from it, so that the server only has to pick one.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const worth = /\.(html|js|css|svg|json|txt)$/;
let before = 0;
let after = 0;
for (const path of readdirSync('dist', { recursive: true })) {
  const file = join('dist', path);
  if (!worth.test(path) || !statSync(file).isFile()) continue;
  const content = readFileSync(file);
  const br = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${file}.br`, br);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  before += content.length;
  after += br.length;
}
console.log(`compressed ${Math.round(before / 1024)} KiB to ${Math.round(after / 1024)} KiB`);
