// Ends a build: puts a .br and a .gz beside each file that gains from it, so that the server only has to pick one,
// and puts the whole in the place of dist at once: a server of a debug build reads dist while it runs.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const built = 'node_modules/.portal-build';
const old = 'node_modules/.portal-old';
const worth = /\.(html|js|css|svg|json|txt)$/;
let before = 0;
let after = 0;
for (const path of readdirSync(built, { recursive: true })) {
  const file = join(built, path);
  if (!worth.test(path) || !statSync(file).isFile()) continue;
  const content = readFileSync(file);
  const br = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${file}.br`, br);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  before += content.length;
  after += br.length;
}
rmSync(old, { recursive: true, force: true });
if (existsSync('dist')) renameSync('dist', old);
renameSync(built, 'dist');
rmSync(old, { recursive: true, force: true });
console.log(`compressed ${Math.round(before / 1024)} KiB to ${Math.round(after / 1024)} KiB`);
