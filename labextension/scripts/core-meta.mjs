/**
 * Writes lib/core.package.json: what the builder takes for JupyterLab's own packages, in the
 * versions we compile against. From its own list it would ask for the newest JupyterLab, and each
 * older one would complain in the console about every package.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const read = path => JSON.parse(readFileSync(path, 'utf8'));

const core = read('node_modules/@jupyterlab/core-meta/core.package.json');
for (const table of [core.dependencies, core.resolutions ?? {}]) {
  for (const name of Object.keys(table)) {
    try {
      const [major, minor] = read(`node_modules/${name}/package.json`).version.split(
        '.'
      );
      // Only what is JupyterLab's: React and the like keep the range it gives them.
      if (/^@jupyterlab\//.test(name)) {
        table[name] = `^${major}.${minor}.0`;
      }
    } catch {
      // Not one that we use.
    }
  }
}
mkdirSync('lib', { recursive: true });
writeFileSync('lib/core.package.json', JSON.stringify(core, null, 2));
