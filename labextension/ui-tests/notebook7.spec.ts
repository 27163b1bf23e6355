import { expect, test as base } from './fixtures';
import { Lab } from './lab.mjs';
import { SUM, write } from './notebooks';
import { Person } from './person';

const test = base.extend<{ classic: Lab }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures here
  classic: async ({}, give) => {
    const lab = await Lab.start({ app: 'notebook' });
    await give(lab);
    await lab.dispose();
  }
});

test('a notebook of Notebook 7 is a pipeline too', async ({ page, classic }) => {
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(error.stack ?? error.message));
  write(classic, 'single.ipynb', SUM);
  const { port, token } = classic;
  await page.goto(`http://127.0.0.1:${port}/notebooks/single.ipynb?token=${token}`);
  const person = new Person(page);
  await expect(person.chip(3)).toHaveText('make');
  await page.getByRole('menuitem', { name: 'Pipeline' }).click();
  await person.menuItem('Show Pipeline').click();
  await expect(person.step('judge')).toBeVisible();
  await page
    .getByRole('toolbar', { name: 'main area toolbar' })
    .locator('[data-command="labwright:run-with"]')
    .click();
  await person.dialog.getByLabel('count', { exact: true }).fill('5');
  await person.dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(person.row('single')).toHaveAttribute('data-lw-state', 'SUCCEEDED', {
    timeout: 40_000
  });
  await expect(person.step('judge')).toHaveAttribute('data-lw-state', 'cached');
  // Notebook says this one by itself, without any extension.
  const ours = errors.filter(words => !/reading 'schema'[^]*notebook_core/.test(words));
  expect(ours).toEqual([]);
});
