import { expect, Locator, Page } from '@playwright/test';

/** What a person sees of Labwright in a page, by the names it has there. */
export class Person {
  constructor(readonly page: Page) {}

  readonly sidebar = this.page.locator('#labwright');
  readonly pipeline = this.sidebar.locator('.jp-lw-Pipeline');
  readonly summary = this.pipeline.locator('.jp-lw-Pipeline-title .jp-lw-muted');
  readonly runs = this.sidebar.getByRole('listbox', { name: /^Runs/ });
  readonly view = this.page.locator('.jp-lw-RunView:visible');
  readonly state = this.view.locator('.jp-lw-RunHeader').getByRole('status');
  readonly dialog = this.page.getByRole('dialog');

  /** A step's box in the sidebar's graph. */
  step(name: string): Locator {
    return this.sidebar.locator(`.jp-lw-GraphStep[data-lw-step="${name}"]`);
  }

  /** A line's words in the sidebar's graph. */
  edge(words: string | RegExp): Locator {
    return this.sidebar.locator('.jp-lw-GraphLine-label').filter({ hasText: words });
  }

  /** A step's box in the graph of the run that is shown. */
  ran(name: string): Locator {
    return this.view.locator(`.jp-lw-GraphStep[data-lw-step="${name}"]`);
  }

  /** Rows of the list, by the pipeline's name. */
  row(name: string): Locator {
    return this.runs.getByRole('option', { name: new RegExp(`^${name},`) });
  }

  cell(index: number): Locator {
    return this.page.locator('.jp-Notebook:visible .jp-Cell').nth(index);
  }

  chip(index: number): Locator {
    return this.cell(index).locator('.jp-lw-CellChip-label');
  }

  button(name: string, within: Locator = this.pipeline): Locator {
    return within.getByRole('button', { name, exact: true });
  }

  tab(name: string): Locator {
    return this.view.getByRole('tab', { name, exact: true });
  }

  async run(): Promise<void> {
    await this.button('Run').click();
  }

  /** Choose parameters in the run dialog, and run. */
  async runWith(values: Record<string, string>): Promise<void> {
    await this.button('Run with…').click();
    for (const [name, value] of Object.entries(values)) {
      await this.dialog.getByLabel(name, { exact: true }).fill(value);
    }
    await this.dialog.getByRole('button', { name: 'Run', exact: true }).click();
  }

  /** Run on the second target of `places`. */
  async runElsewhere(name = ''): Promise<void> {
    await this.button('Run with…').click();
    await this.dialog.getByLabel('Target').selectOption('elsewhere');
    await expect(this.dialog).toContainText('namespace team-a');
    await this.dialog.getByLabel('Name', { exact: true }).fill(name);
    await this.dialog.getByRole('button', { name: 'Run', exact: true }).click();
  }

  /** Leave a dialog by a key; JupyterLab gives it the focus only when the page is idle. */
  async leave(): Promise<void> {
    await this.dialog.getByRole('button').last().press('Escape');
  }

  async ends(state = 'Succeeded'): Promise<void> {
    await expect(this.state).toHaveText(state, { timeout: 30_000 });
  }

  async submenu(menu: string, item: string): Promise<void> {
    await this.menuItem(menu).hover();
    await this.menuItem(item).click();
  }

  menuItem(label: string): Locator {
    return this.page
      .locator('.lm-Menu-item:visible')
      .filter({ has: this.page.getByText(label, { exact: true }) })
      .last();
  }
}
