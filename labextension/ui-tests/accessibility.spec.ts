import { faults } from './axe';
import { expect, test, Workbench } from './fixtures';
import { code, SUM } from './notebooks';

/** Nothing keeps people out of a part of the page. In the dark only the colours are others. */
async function check(workbench: Workbench, part: string, what: string): Promise<void> {
  const { page } = workbench;
  const dark = await page.locator('body[data-jp-theme-light=false]').count();
  const found = await faults(page, part, { colours: dark > 0 });
  expect.soft(found, `what axe finds in the ${what}`).toEqual([]);
}

for (const shade of ['Light', 'Dark'] as const) {
  test(`nobody is kept out, ${shade}`, async ({ workbench }) => {
    // axe looks at much, often.
    test.setTimeout(180_000);
    const { page } = workbench;
    const dark = shade === 'Dark';
    const name = shade.toLowerCase();
    await workbench.theme(shade);
    const person = await workbench.pipeline(`${name}.ipynb`, [
      ...SUM,
      code('if mean < 9:\n    raise ValueError("too small")', 'step:last')
    ]);
    await expect(person.step('last')).toBeVisible();
    await expect(person.summary).toHaveText(/to run/);
    const paper = await person.sidebar.evaluate(
      node => getComputedStyle(node).backgroundColor
    );
    const light = /\d+/g[Symbol.match](paper)!.map(Number)[0];
    expect(dark ? light < 100 : light > 200, `panel's colour ${paper}`).toBe(true);
    await check(workbench, '#labwright', 'pipeline panel');

    await person.step('add').click();
    await person.button('Settings of add').click();
    await expect(
      page.locator('.jp-lw-Inspector form, .jp-lw-Inspector .rjsf').first()
    ).toBeAttached();
    for (const title of await page.locator('.jp-lw-Inspector summary').all()) {
      await title.click();
    }
    await check(workbench, '.jp-lw-Inspector', 'inspector');
    await check(workbench, '.jp-lw-CellChip', 'chips on the cells');

    await person.button('Run with…').click();
    await expect(person.dialog).toContainText('This machine');
    await check(workbench, '.jp-Dialog', 'run dialog');
    await person.dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await person.ends('Failed');
    for (const tab of [
      'Graph',
      'Steps',
      'Log',
      'Outputs & metrics',
      'Parameters',
      'Source'
    ]) {
      await person.tab(tab).click();
      await check(workbench, '.jp-lw-RunView', `run's tab ${tab}`);
    }
    await check(workbench, '#labwright', 'panel with a run');

    await page.getByRole('tab', { name: `${name}.ipynb` }).click();
    await workbench.command('labwright:mark-step');
    await expect(person.dialog).toBeVisible();
    await check(workbench, '.jp-Dialog', "dialog of a step's name");
    await person.leave();

    await person.runWith({ count: '30' });
    await expect(person.row(name)).toHaveCount(2);
    await person.ends();
    await person.view.getByRole('button', { name: 'Compare…' }).click();
    await person.dialog.getByRole('button', { name: 'Compare' }).click();
    await expect(page.locator('.jp-lw-Compare')).toContainText('Metrics');
    await check(workbench, '.jp-lw-Compare', 'comparison');
    await workbench.theme('Light');
  });
}

test('nobody is kept out of other targets and schedules', async ({ two }) => {
  test.setTimeout(180_000);
  const person = await two.pipeline('far-open.ipynb', SUM);
  const { page } = two;
  for (const shade of ['Light', 'Dark'] as const) {
    await two.theme(shade);
    await page.getByRole('tab', { name: 'far-open.ipynb' }).click();
    await two.command('labwright:schedule');
    await expect(person.dialog).toContainText('in UTC');
    await check(two, '.jp-Dialog', `schedule dialog, ${shade}`);
    await person.dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
    await expect(person.sidebar.getByRole('list', { name: 'Schedules' })).toContainText(
      'At 03:00'
    );
    await person.button('Run with…').click();
    await person.dialog.getByLabel('Target').selectOption('elsewhere');
    await expect(person.dialog).toContainText('namespace team-a');
    await check(two, '.jp-Dialog', `run dialog, ${shade}`);
    await person.dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await person.ends();
    await check(two, '#labwright', `panel, ${shade}`);
    await check(two, '.jp-lw-RunView', `run elsewhere, ${shade}`);
  }
});
