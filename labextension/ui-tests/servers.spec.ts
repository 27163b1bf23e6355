/** What a person does with notebook servers: real ones, on this machine. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Locator, Page } from '@playwright/test';

import { faults } from './axe';
import { expect, test, type Workbench } from './fixtures';

// A JupyterLab in a JupyterLab takes its time to start, twice.
test.describe.configure({ timeout: 240_000 });
const START = { timeout: 60_000 };

test.beforeAll(({ lab }) => {
  // What the servers find as their user's settings.
  const folder = join(lab.home, 'config');
  mkdirSync(folder, { recursive: true });
  const settings = { LabApp: { expose_app_in_browser: true } };
  writeFileSync(join(folder, 'jupyter_lab_config.json'), JSON.stringify(settings));
});

/** Servers outlive all that started them: none is left behind. */
test.afterEach(async ({ lab }) => {
  const headers = { Authorization: `token ${lab.token}` };
  const api = `http://127.0.0.1:${lab.port}/labwright/api/v1/servers`;
  const { servers } = await (await fetch(api, { headers })).json();
  for (const { name } of servers) {
    await fetch(`${api}/${name}?volumes=true`, { method: 'DELETE', headers });
  }
  await expect
    .poll(async () => (await (await fetch(api, { headers })).json()).servers)
    .toEqual([]);
});

/** The section Servers, by what stands there. */
class Servers {
  constructor(private readonly _workbench: Workbench) {}

  get section(): Locator {
    return this._workbench.page.locator('#labwright-servers');
  }

  row(name: string): Locator {
    return this.section.locator(`.jp-lw-Server[data-lw-server="${name}@local"]`);
  }

  async is(name: string, state: string): Promise<void> {
    await expect(this.row(name)).toHaveAttribute('data-lw-state', state, START);
  }

  /** Choose something in a server's menu. */
  async choose(name: string, label: string): Promise<void> {
    await this.row(name)
      .getByRole('button', { name: `More for ${name}` })
      .click();
    await this._workbench.person.menuItem(label).click();
  }

  async spawn(
    name: string,
    fill: (dialog: Locator) => Promise<unknown>
  ): Promise<void> {
    const { person } = this._workbench;
    await this._workbench.command('labwright:show-servers');
    await this._workbench.command('labwright:new-server');
    const field = person.dialog.getByLabel('Name', { exact: true });
    await expect(field).toHaveValue(/^server-\d+$/);
    await field.fill(name);
    await fill(person.dialog);
    await person.dialog.getByRole('button', { name: 'Create' }).click();
  }

  async open(name: string): Promise<Page> {
    const { page } = this._workbench;
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      this.row(name)
        .getByRole('button', { name: `Open ${name}` })
        .click()
    ]);
    await tab.waitForURL(new RegExp(`/labwright/servers/${name}/lab`), START);
    await tab.waitForFunction(() => 'jupyterapp' in window, undefined, START);
    return tab;
  }
}

/** Write a file as a page of JupyterLab does: with its cookies and its token against forgery. */
function write(tab: Page, path: string, content: string): Promise<void> {
  return tab.evaluate(
    async ([path, content]) => {
      const app = Reflect.get(window, 'jupyterapp');
      const model = { type: 'file', format: 'text', content };
      await app.serviceManager.contents.save(path, model);
    },
    [path, content]
  );
}

function read(tab: Page, path: string): Promise<string> {
  return tab.evaluate(async path => {
    const app = Reflect.get(window, 'jupyterapp');
    return (await app.serviceManager.contents.get(path)).content as string;
  }, path);
}

/** Run a line in a kernel of the server: a websocket, there and back. */
function compute(tab: Page, code: string): Promise<string> {
  return tab.evaluate(async code => {
    const { sessions } = Reflect.get(window, 'jupyterapp').serviceManager;
    const options = {
      path: 'x',
      type: 'console',
      name: 'x',
      kernel: { name: 'python3' }
    };
    const session = await sessions.startNew(options);
    let text = '';
    const future = session.kernel.requestExecute({ code });
    future.onIOPub = (message: { content: { text?: string } }) => {
      text += message.content.text ?? '';
    };
    await future.done;
    await session.shutdown();
    return text.trim();
  }, code);
}

// A second server of the same name.
test.use({ mayComplain: /409 \(Conflict\).*\/servers/ });

test('a server is made, opened, stopped and started, and keeps its files', async ({
  lab,
  workbench
}) => {
  const { page, person } = workbench;
  const servers = new Servers(workbench);
  await servers.spawn('work', async dialog => {
    await dialog.getByLabel('Profile').selectOption('data-preprocessing');
    await expect(dialog).toContainText('memory for whole data frames');
  });
  await servers.is('work', 'RUNNING');
  await expect(page.locator('.Toastify')).toContainText('The server work is ready');

  const tab = await servers.open('work');
  // The server's token is not among what this browser has.
  expect(tab.url()).not.toContain('token');
  await write(tab, 'kept.txt', 'kept');
  expect(await compute(tab, 'print(6 * 7)')).toBe('42');
  await tab.close();

  await servers.choose('work', 'Show Log');
  const log = page.getByRole('log', { name: 'Log of work' });
  await expect(log).toContainText('labwright/servers/work');
  // What is printed comes by itself, from one start to the next, in an answer that is held open.
  const asked: string[] = [];
  page.on('request', request => {
    if (request.url().includes('/servers/work/log')) {
      asked.push(request.url());
    }
  });
  const print = (line: string): void =>
    appendFileSync(join(lab.home, 'labwright/servers/work/log.txt'), `${line}\n`);
  print('printed meanwhile');
  await expect(log).toContainText('printed meanwhile');
  expect(asked).toEqual([]);

  await servers.choose('work', 'Stop');
  await servers.is('work', 'STOPPED');
  // Nobody is told of what they did themselves.
  await expect(page.locator('.Toastify')).not.toContainText('The server work stopped');
  await servers.row('work').getByRole('button', { name: 'Start work' }).click();
  await servers.is('work', 'RUNNING');
  print('printed after a start');
  await expect(log).toContainText('printed after a start');
  await expect(log).not.toContainText('printed meanwhile');
  // Who starts it quickly goes on with the answer that there was.
  asked.length = 0;
  print('printed later');
  await expect(log).toContainText('printed later');
  expect(asked).toEqual([]);
  const again = await servers.open('work');
  expect(await read(again, 'kept.txt')).toBe('kept');
  await again.close();

  // A second one of that name is refused, and what was filled in is still there.
  await servers.spawn('work', dialog => dialog.getByLabel('CPUs').fill('1'));
  await expect(person.dialog.getByRole('alert')).toContainText('work');
  await expect(person.dialog.getByLabel('CPUs')).toHaveValue('1');
  await person.leave();

  await servers.section.getByText('Volumes', { exact: true }).click();
  const volumes = servers.section.getByRole('list', { name: 'Volumes' });
  await expect(volumes).toContainText('used by work');
  await servers.choose('work', 'Delete…');
  await person.dialog.getByRole('checkbox').check();
  await person.dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(servers.row('work')).toHaveCount(0, START);
  await expect(volumes).toHaveCount(0);
  await expect(servers.section).toContainText('No servers yet');
});

test('a server is changed while it runs, and takes it up when it is restarted', async ({
  workbench
}) => {
  const { person } = workbench;
  const servers = new Servers(workbench);
  await servers.spawn('small', dialog => dialog.getByLabel('CPUs').fill('1'));
  await servers.is('small', 'RUNNING');
  await servers.choose('small', 'Edit and Resize…');
  await expect(person.dialog).toContainText('take effect at its next start');
  await person.dialog.getByLabel('Memory').fill('1Gi');
  await person.dialog.getByLabel('Stop when idle for').fill('2h');
  await person.dialog.getByText('More', { exact: true }).click();
  await person.dialog.getByLabel('Limit factor').fill('2');
  // What is of a cluster is not offered, and that is said.
  await expect(person.dialog).toContainText('this machine is no cluster');
  await person.dialog.getByRole('button', { name: 'Save' }).click();
  const row = servers.row('small');
  await expect(row).toContainText('Changed: takes effect at the next start.');
  await workbench.reload();
  await expect(row).toContainText('Changed: takes effect at the next start.');
  await row.getByRole('button', { name: 'Restart small' }).click();
  await expect(row).not.toContainText('Changed');
  await servers.is('small', 'RUNNING');
  await expect(row).toContainText('1 CPU, 1Gi');
  await servers.choose('small', 'Edit and Resize…');
  await person.dialog.getByText('More', { exact: true }).click();
  await expect(person.dialog.getByLabel('Limit factor')).toHaveValue('2');
  await person.leave();

  // What it kept is there without it, until somebody says otherwise.
  await servers.choose('small', 'Delete…');
  await person.dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0, START);
  await servers.section.getByText('Volumes', { exact: true }).click();
  const volumes = servers.section.getByRole('list', { name: 'Volumes' });
  await expect(volumes).toContainText('not used');
  await volumes.getByRole('button', { name: /^Delete small/ }).click();
  await person.dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(volumes).toHaveCount(0);
});

test('an idle server says how long it has left, is stopped, and says why', async ({
  workbench
}) => {
  const { page } = workbench;
  const servers = new Servers(workbench);
  await servers.spawn('idle', dialog =>
    dialog.getByLabel('Stop when idle for').fill('8s')
  );
  const row = servers.row('idle');
  await expect(row).toContainText(
    /stops in \d+ s unless used|about to be stopped/,
    START
  );
  await expect(page.locator('.Toastify')).toContainText('The server idle is idle');
  await servers.is('idle', 'STOPPED');
  await expect(row).toContainText(/idle/i);
  await expect(page.locator('.Toastify')).toContainText('The server idle stopped');
  await row.getByRole('button', { name: 'Start idle' }).click();
  await servers.is('idle', 'RUNNING');
});

test('nobody is kept out of servers', async ({ workbench }) => {
  const { page, person } = workbench;
  const servers = new Servers(workbench);
  const look = async (shade: 'Light' | 'Dark', part: string): Promise<void> => {
    await workbench.theme(shade);
    const found = await faults(page, part, { colours: shade === 'Dark' });
    expect.soft(found, `what axe finds in ${part}, ${shade}`).toEqual([]);
  };
  const both = async (part: string): Promise<void> => {
    await look('Light', part);
    await look('Dark', part);
  };
  await workbench.command('labwright:show-servers');
  await both('#labwright-servers');
  await workbench.command('labwright:new-server');
  const field = person.dialog.getByLabel('Name', { exact: true });
  await expect(field).toHaveValue(/^server/);
  await person.dialog.getByText('More', { exact: true }).click();
  await both('.jp-Dialog');

  // All by the keyboard: the form, the lists, the menu, and the question.
  await field.fill('open');
  await field.press('Enter');
  await expect(person.dialog).toHaveCount(0);
  await servers.is('open', 'RUNNING');
  for (const list of ['Volumes', 'Images']) {
    await servers.section.locator('summary', { hasText: list }).press('Enter');
    await expect(servers.section.getByRole('list', { name: list })).toBeVisible();
  }
  await both('#labwright-servers');
  const more = servers.row('open').getByRole('button', { name: 'More for open' });
  await more.press('Enter');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(person.dialog).toContainText('Delete the server open?');
  await both('.jp-Dialog');
  await person.dialog.getByRole('checkbox').press('Space');
  await person.dialog.getByRole('button', { name: 'Delete' }).press('Enter');
  await expect(servers.row('open')).toHaveCount(0, START);
});
