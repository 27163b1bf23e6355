/** The pictures of the user guide: `make screenshots`. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test, Workbench } from './fixtures';
import { code, text } from './notebooks';

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), '../../docs/guide/images');

test.use({ viewport: { width: 1280, height: 800 } });
test.beforeAll(() => {
  mkdirSync(IMAGES, { recursive: true });
});

async function picture({ page }: Workbench, name: string): Promise<void> {
  // Nothing that moves or fades, and no caret.
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({
    path: join(IMAGES, `${name}.png`),
    animations: 'disabled',
    // Messages come and go.
    style: '.Toastify { display: none; }',
    caret: 'hide'
  });
}

test('cells and their suggestions', async ({ workbench }) => {
  const person = await workbench.pipeline('weather.ipynb', [
    text('# Weather\n\nAn ordinary notebook, which nobody marked yet.'),
    code('import statistics'),
    text('## Read'),
    code('days = [21.5 + (day * 7) % 5 for day in range(30)]'),
    text('## Clean'),
    code('usual = [day for day in days if day < 25]'),
    text('## Describe'),
    code('mean = statistics.mean(usual)\nprint(f"{mean:.1f} degrees")')
  ]);
  await person.button('Suggest steps', person.sidebar).click();
  await expect(person.dialog).toContainText('describe');
  await picture(workbench, 'suggest');
  await person.dialog.getByRole('button', { name: 'Mark cells' }).click();
  await expect(person.step('describe')).toBeVisible();
  await person.cell(5).click({ button: 'right' });
  await person.menuItem('Pipeline').hover();
  await expect(person.menuItem('Skip in Pipeline')).toBeVisible();
  await picture(workbench, 'cells');
});

test('a pipeline, its dialog, its run', async ({ workbench }) => {
  test.setTimeout(240_000);
  const person = await workbench.pipeline('digits.ipynb');
  const { page } = workbench;
  await expect(person.step('card')).toBeVisible();
  await expect(person.summary).toHaveText(/to run/);
  await picture(workbench, 'pipeline');

  await person.button('Run with…').click();
  await person.dialog.getByLabel('trees', { exact: true }).fill('50');
  await person.dialog.getByLabel('Experiment').fill('digits, smaller');
  await picture(workbench, 'run-dialog');
  await person.dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(person.state).toHaveText('Succeeded', { timeout: 150_000 });
  await person.ran('forest').click();
  await picture(workbench, 'run');

  await page.getByRole('tab', { name: 'digits.ipynb' }).click();
  // Its box is below the fold of so small a window; the panel follows the cell.
  await person.chip(18).click();
  await page.keyboard.press('Escape');
  await workbench.command('labwright:show-inspector');
  await expect(page.locator('.jp-lw-Inspector')).toContainText('When it runs');
  await picture(workbench, 'inspector');

  await person.runWith({ trees: '20' });
  await expect(person.row('digits')).toHaveCount(2);
  await expect(person.state).toHaveText('Succeeded', { timeout: 150_000 });
  await person.tab('Steps').click();
  await picture(workbench, 'steps');
  await person.view.getByRole('button', { name: 'Compare…' }).click();
  await person.dialog.getByRole('button', { name: 'Compare' }).click();
  await expect(page.locator('.jp-lw-Compare')).toContainText('accuracy');
  await picture(workbench, 'compare');
});

test('the list of runs, and a run that failed', async ({ workbench }) => {
  const cells = [
    code('limit = 3', 'parameters'),
    code('numbers = list(range(10))', 'step:make'),
    code('good = [n for n in numbers if n < limit]\nprint(good)', 'step:choose'),
    code('assert len(good) < 5, "too many are good"', 'step:check')
  ];
  const person = await workbench.pipeline('choosing.ipynb', cells);
  for (const limit of ['2', '4', '8']) {
    await workbench.page.getByRole('tab', { name: 'choosing.ipynb' }).click();
    await person.runWith({ limit, Experiment: 'limits' });
    await expect(person.row('choosing')).toHaveCount(
      ['2', '4', '8'].indexOf(limit) + 1
    );
    await person.ends(limit === '8' ? 'Failed' : 'Succeeded');
  }
  await expect(person.view.locator('.jp-lw-StepDetail')).toContainText(
    'AssertionError'
  );
  await picture(workbench, 'failed');
  await person.tab('Log').click();
  await workbench.command('labwright:show-runs');
  await picture(workbench, 'runs');
});

test('notebook servers', async ({ workbench }) => {
  test.setTimeout(180_000);
  const { page, person } = workbench;
  await page.setViewportSize({ width: 1280, height: 900 });
  await workbench.command('labwright:show-servers');
  await workbench.command('labwright:new-server');
  await person.dialog.getByLabel('Name', { exact: true }).fill('digits');
  await person.dialog.getByLabel('Profile').selectOption('data-preprocessing');
  await picture(workbench, 'server-dialog');
  await person.dialog.getByRole('button', { name: 'Create' }).click();
  const servers = page.locator('#labwright-servers');
  await expect(servers.locator('.jp-lw-Server[data-lw-state=RUNNING]')).toBeVisible({
    timeout: 60_000
  });
  // The other sections make room.
  for (const title of ['Pipeline', 'Runs']) {
    await person.sidebar
      .locator('.lm-AccordionPanel-title', { hasText: title })
      .click();
  }
  for (const list of ['Volumes', 'Images']) {
    await servers.locator('summary', { hasText: list }).click();
    await expect(servers.getByRole('list', { name: list })).toBeVisible();
  }
  await servers.getByRole('button', { name: 'More for digits' }).click();
  await picture(workbench, 'servers');
  await person.menuItem('Delete…').click();
  await person.dialog.getByRole('checkbox').check();
  await person.dialog.getByRole('button', { name: 'Delete' }).click();
  // A server outlives all that started it: none is left behind.
  await expect(servers.locator('.jp-lw-Server')).toHaveCount(0, { timeout: 60_000 });
});

test('other targets and schedules', async ({ two }) => {
  test.setTimeout(180_000);
  const person = await two.pipeline('digits.ipynb');
  const { page } = two;
  await expect(person.step('card')).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 1000 });
  await person.button('Run with…').click();
  await person.dialog.getByLabel('Target').selectOption('elsewhere');
  await expect(person.dialog).toContainText('namespace team-a');
  await person.dialog.getByLabel('Name', { exact: true }).fill('digits, nightly');
  await picture(two, 'targets-dialog');
  await person.dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(person.state).toHaveText('Succeeded', { timeout: 150_000 });

  await page.getByRole('tab', { name: 'digits.ipynb' }).click();
  await person.run();
  await expect(person.row('digits, nightly')).toHaveCount(1);
  await two.command('labwright:schedule');
  await person.dialog.getByLabel('Cron').fill('30 6 * * 1-5');
  await expect(person.dialog).toContainText('Monday through Friday');
  await picture(two, 'schedule');
  await person.dialog.getByRole('button', { name: 'Schedule', exact: true }).click();
  await expect(person.sidebar.getByRole('list', { name: 'Schedules' })).toContainText(
    'Monday'
  );
  await person.row('digits, nightly').dblclick();
  await expect(person.state).toHaveText('Succeeded');
  await picture(two, 'targets');
});

test('settings', async ({ workbench }) => {
  await workbench.command('settingeditor:open', { query: 'Labwright' });
  await expect(workbench.page.locator('.jp-SettingsPanel:visible')).toContainText(
    'Step names on cells'
  );
  await picture(workbench, 'settings');
});

test('the dark theme', async ({ workbench }) => {
  await workbench.theme('Dark');
  const person = await workbench.pipeline('digits.ipynb');
  await expect(person.step('card')).toBeVisible();
  await picture(workbench, 'dark');
  await workbench.theme('Light');
});
