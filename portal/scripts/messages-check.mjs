// Proves that English and Chinese have the same messages, that each is used, and that no component holds text itself.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const faults = [];
const plural = /_(zero|one|two|few|many|other)$/;

function flatten(messages, prefix = '') {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

const placeholders = (text) =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)]
    .map((match) => match[1])
    .sort()
    .join(' ');

function load(language) {
  const all = new Map();
  for (const [key, text] of flatten(JSON.parse(readFileSync(`src/messages/${language}.json`, 'utf8')))) {
    if (text.trim() === '') faults.push(`${language}: ${key} is empty`);
    const bare = key.replace(plural, '');
    // The plural forms that a language has differ; the placeholders do not.
    all.set(bare, placeholders(text));
  }
  return all;
}

const en = load('en');
const zh = load('zh');
for (const [key, names] of en) {
  if (!zh.has(key)) faults.push(`zh: ${key} is missing`);
  else if (zh.get(key) !== names) faults.push(`zh: ${key} has {{${zh.get(key)}}} where en has {{${names}}}`);
}
for (const key of zh.keys()) if (!en.has(key)) faults.push(`en: ${key} is missing`);

/** Attributes whose text people read. */
const readable = new Set(['label', 'title', 'placeholder', 'description', 'aria-label', 'alt', 'lead', 'head']);
/** Names of their own, the same in every language. */
const names = new Set(['weir', '⌘K', 'https://api.openai.com/v1', '/models']);
const used = new Set();
const usedPrefixes = new Set();

function visit(node, file) {
  const say = (text) => {
    if (/\p{L}/u.test(text) && !names.has(text.trim()))
      faults.push(`${file}: text in a component: ${JSON.stringify(text.trim())}`);
  };
  if (ts.isJsxText(node)) say(node.text);
  if (
    ts.isJsxAttribute(node) &&
    readable.has(node.name.getText()) &&
    node.initializer &&
    ts.isStringLiteral(node.initializer)
  ) {
    say(node.initializer.text);
  }
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) used.add(node.text);
  if (ts.isTemplateExpression(node)) usedPrefixes.add(node.head.text);
  ts.forEachChild(node, (child) => visit(child, file));
}

for (const path of readdirSync('src', { recursive: true })) {
  if (!/\.tsx?$/.test(path) || /\.(test|d)\.ts$/.test(path)) continue;
  const file = join('src', path);
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true), file);
}
for (const key of en.keys()) {
  const byPrefix = [...usedPrefixes].some((prefix) => prefix.includes('.') && key.startsWith(prefix));
  if (!used.has(key) && !byPrefix && !key.startsWith('nav.')) faults.push(`${key} is not used`);
}

for (const fault of faults) console.error(fault);
console.log(`${en.size} messages in two languages, ${faults.length} faults`);
process.exit(faults.length > 0 ? 1 : 0);
