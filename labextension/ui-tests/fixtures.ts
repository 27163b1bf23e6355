import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, Page, test as base } from '@playwright/test';

import { Lab } from './lab.mjs';
import { type ICell, write } from './notebooks';
import { Person } from './person';

/** What JupyterLab says without us, too. */
const NOT_OURS = [
  /Unsatisfied version .* of shared singleton module @jupyter\/ydoc/,
  // The kernel of a notebook that was closed in the same moment.
  /\/api\/kernels\/.*(500|404)/,
  /WebSocket connection to .*\/api\/kernels\//
];

/** JupyterLab in a page, by what a person would name. */
export class Workbench {
  constructor(
    readonly page: Page,
    readonly lab: Lab
  ) {
    this.person = new Person(page);
  }

  readonly person: Person;

  /** What the console said that it should not. */
  readonly complaints: string[] = [];

  /** Open JupyterLab anew, with nothing of the tests before; `reload` keeps what is open. */
  async open(): Promise<void> {
    await this.page.goto(`${this.lab.url}&reset`);
    await this.ready();
  }

  async reload(): Promise<void> {
    // JupyterLab takes `reset` from the address when it has first written its layout down.
    await this.page.waitForURL(url => !url.searchParams.has('reset'));
    await this.page.reload();
    await this.ready();
  }

  private async ready(): Promise<void> {
    await this.page.waitForFunction(() => 'jupyterapp' in window);
    await this.page.evaluate(() => app().restored);
  }

  /**
   * The layout is written down, a moment after it changed, with all that it is to say. A reload
   * before the server has it would break the writing off.
   */
  async saved(...says: RegExp[]): Promise<void> {
    await this.page.waitForResponse(response => {
      const request = response.request();
      const layout = request.postData() ?? '';
      return (
        request.method() === 'PUT' &&
        request.url().includes('/api/workspaces') &&
        says.every(one => one.test(layout))
      );
    });
  }

  /** Run a command of JupyterLab without waiting for its end. */
  async command(id: string, args: object = {}): Promise<void> {
    await this.page.evaluate(
      ([id, args]) => void app().commands.execute(id as string, args as object),
      [id, args]
    );
  }

  /**
   * Have JupyterLab look light or dark. Its splash, which a change shows again, must be gone: one
   * that still fades is taken away twice, and JupyterLab throws.
   */
  async theme(shade: 'Light' | 'Dark'): Promise<void> {
    await expect(this.page.locator('#jupyterlab-splash')).toHaveCount(0);
    await this.command('apputils:change-theme', { theme: `JupyterLab ${shade}` });
    await expect(this.page.locator('body')).toHaveAttribute(
      'data-jp-theme-light',
      String(shade === 'Light')
    );
  }

  /** Open a copy of an example under its own name, so that tests leave each other alone. */
  async notebook(example: string, name = example): Promise<void> {
    if (name !== example) {
      copyFileSync(join(this.lab.root, example), join(this.lab.root, name));
    }
    await this.command('docmanager:open', { path: name });
    await this.page
      .getByRole('tab', { name, exact: false, selected: true })
      .first()
      .waitFor();
    await this.page.locator('.jp-Notebook:visible .jp-Cell').first().waitFor();
  }

  /** Write a notebook, open it, and have its pipeline shown beside. */
  async pipeline(name: string, cells?: readonly ICell[]): Promise<Person> {
    if (cells) {
      write(this.lab, name, cells);
    }
    await this.notebook(name);
    await this.command('labwright:show-pipeline');
    await this.person.sidebar.waitFor();
    return this.person;
  }

  /** Look at the page as JupyterLab's own tests do, and write down what its console says. */
  async begin(): Promise<void> {
    this.listen();
    await this.page.addInitScript(() =>
      Object.assign(window, { app: () => Reflect.get(window, 'jupyterapp') })
    );
    await this.open();
  }

  /** Nothing was said in the console but what `may` names. */
  calm(may: boolean | RegExp = false): void {
    const left = this.complaints.filter(
      words => may !== true && !(may instanceof RegExp && may.test(words))
    );
    expect(left, 'errors in the console').toEqual([]);
  }

  private listen(): void {
    this.page.on('console', message => {
      const where = `${message.text()} ${message.location().url}`;
      if (message.type() === 'error' && !NOT_OURS.some(known => known.test(where))) {
        this.complaints.push(where);
      }
    });
    this.page.on('pageerror', error =>
      this.complaints.push(error.stack ?? error.message)
    );
  }
}

/** JupyterLab as its flag `expose_app_in_browser` gives it; only in the page. */
declare function app(): {
  restored: Promise<void>;
  commands: { execute(id: string, args: object): Promise<unknown> };
};

interface IFixtures {
  workbench: Workbench;
  /** A server of the test's own, to stop and start. */
  ownLab: Lab;
  /** Complaints in the console to expect, while a server is away, say; true for any. */
  mayComplain: boolean | RegExp;
  /** Open JupyterLab in a browser window of its own. */
  another: (lab: Lab) => Promise<Workbench>;
  /** JupyterLab on `places`. */
  two: Workbench;
}

interface IServers {
  lab: Lab;
  /** A server whose user knows a second target. */
  places: Lab;
}

export const test = base.extend<IFixtures, IServers>({
  lab: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures here
    async ({}, give) => {
      const lab = await Lab.start();
      await give(lab);
      await lab.dispose();
    },
    { scope: 'worker' }
  ],
  places: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, give) => {
      const lab = await Lab.start({ elsewhere: true });
      await give(lab);
      await lab.dispose();
    },
    { scope: 'worker' }
  ],
  two: async ({ another, places }, give) => give(await another(places)),
  // eslint-disable-next-line no-empty-pattern
  ownLab: async ({}, give) => {
    const lab = await Lab.start();
    await give(lab);
    await lab.dispose();
  },
  mayComplain: [false, { option: true }],
  workbench: async ({ page, lab, mayComplain }, give) => {
    const workbench = new Workbench(page, lab);
    await workbench.begin();
    await give(workbench);
    workbench.calm(mayComplain);
  },
  another: async ({ browser, contextOptions, viewport, mayComplain }, give) => {
    const opened: Workbench[] = [];
    await give(async lab => {
      const context = await browser.newContext({ ...contextOptions, viewport });
      const workbench = new Workbench(await context.newPage(), lab);
      opened.push(workbench);
      await workbench.begin();
      return workbench;
    });
    for (const workbench of opened) {
      await workbench.page.context().close();
      workbench.calm(mayComplain);
    }
  }
});

export { expect };
