/**
 * What JupyterLab loads of Labwright as it starts, gzipped: fails above the limit.
 *
 *   node scripts/size.mjs [--json]      after `jlpm build:prod`
 *
 * The remote entry names what `./extension` and `./style` need; all other chunks come when asked
 * for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMIT = 400_000;
const BUILT = join(
  dirname(fileURLToPath(import.meta.url)),
  '../labwright/labextension'
);

const { _build: build } = JSON.parse(
  readFileSync(join(BUILT, 'package.json'), 'utf8')
).jupyterlab;
const files = readdirSync(join(BUILT, 'static')).filter(name => name.endsWith('.js'));
if (readdirSync(join(BUILT, 'static')).some(name => name.endsWith('.js.map'))) {
  console.error('This is a development build; run `jlpm build:prod` first.');
  process.exit(2);
}
const entry = readFileSync(join(BUILT, build.load), 'utf8');

// In the entry's table of modules, `./extension` and `./style` list the chunks they wait for.
const asked = new Set();
for (const name of [build.extension, build.style]) {
  const start = entry.indexOf(`"${name}"`);
  const part = entry.slice(start, entry.indexOf('},', start));
  for (const [, id] of part.matchAll(/\.e\("?([^")]+)"?\)/g)) {
    asked.add(id);
  }
}
const atStart = files.filter(
  name => build.load.endsWith(name) || asked.has(name.split('.')[0])
);
const sizes = new Map(
  files.map(name => [name, gzipSync(readFileSync(join(BUILT, 'static', name))).length])
);
const sum = names => names.reduce((total, name) => total + sizes.get(name), 0);
const result = {
  at_start: sum(atStart),
  all: sum(files),
  limit: LIMIT,
  files: atStart
};

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(result));
} else {
  for (const name of atStart) {
    console.log(`${String(sizes.get(name)).padStart(8)}  ${name}`);
  }
  console.log(
    `${String(result.at_start).padStart(8)}  at start (limit ${LIMIT}), gzip`
  );
  console.log(`${String(result.all).padStart(8)}  all, gzip`);
}
process.exitCode = asked.size > 0 && result.at_start < LIMIT ? 0 : 1;
