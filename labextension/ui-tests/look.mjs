/**
 * Look at JupyterLab as it is built now:
 *
 *   node ui-tests/look.mjs [--open digits.ipynb] [--command id[:{json}]]… [--dark]
 *     [--size 1400x900] [--do file.mjs] [--wait ms] [--notebook]
 *     [--elsewhere] --out picture.png
 *
 * `--elsewhere` makes a second target known. `--do` names a module whose default function gets ({ page, lab }) before the picture is taken.
 * Prints the console's errors and warnings; ends with 1 where there were errors.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { chromium } from '@playwright/test';

import { CHROMIUM_FLAGS, findChromium, Lab } from './lab.mjs';

const { values } = parseArgs({
  options: {
    open: { type: 'string' },
    command: { type: 'string', multiple: true, default: [] },
    do: { type: 'string' },
    dark: { type: 'boolean', default: false },
    notebook: { type: 'boolean', default: false },
    elsewhere: { type: 'boolean', default: false },
    size: { type: 'string', default: '1400x900' },
    wait: { type: 'string', default: '1500' },
    out: { type: 'string' }
  }
});

const theme = values.dark ? 'JupyterLab Dark' : 'JupyterLab Light';
const lab = await Lab.start({
  app: values.notebook ? 'notebook' : 'lab',
  elsewhere: values.elsewhere,
  settings: {
    '@jupyterlab/apputils-extension': {
      'notification.jupyterlab-settings': {
        fetchNews: 'false',
        checkForUpdates: false
      },
      'themes.jupyterlab-settings': { theme }
    }
  }
});
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: CHROMIUM_FLAGS
});
const [width, height] = values.size.split('x').map(Number);
let errors = 0;
try {
  const page = await (
    await browser.newContext({ viewport: { width, height } })
  ).newPage();
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) {
      errors += message.type() === 'error' ? 1 : 0;
      console.log(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', error => {
    errors += 1;
    console.log(`page error: ${error.stack}`);
  });
  await page.goto(lab.url);
  await page.waitForFunction(() => window.jupyterapp);
  await page.evaluate(() => window.jupyterapp.restored);
  const run = (id, args) =>
    page.evaluate(
      ([id, args]) => void window.jupyterapp.commands.execute(id, args),
      [id, args]
    );
  if (values.open) {
    await run('docmanager:open', { path: values.open });
    await page.waitForSelector('.jp-Notebook .jp-Cell');
  }
  for (const command of values.command) {
    const [, id, args] = /^(.*?)(?::(\{.*\}))?$/.exec(command);
    await run(id, args ? JSON.parse(args) : {});
  }
  if (values.do) {
    await (await import(pathToFileURL(resolve(values.do)).href)).default({ page, lab });
  }
  await page.waitForTimeout(Number(values.wait));
  if (values.out) {
    await page.screenshot({ path: values.out });
  }
} finally {
  await browser.close();
  if (errors) {
    console.log(lab.log.split('\n').slice(-30).join('\n'));
  }
  await lab.dispose();
}
process.exitCode = errors ? 1 : 0;
