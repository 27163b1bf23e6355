import { expect, test } from './fixtures';
import { code, gated, SUM } from './notebooks';

test('a run with another parameter, then one from the cache', async ({ workbench }) => {
  const person = await workbench.pipeline('summing.ipynb', SUM);
  const { page } = workbench;
  await person.runWith({ count: '20', Experiment: 'sums' });
  await person.ends();
  await expect(person.view).toContainText('3 of 3');
  await person.tab('Parameters').click();
  await expect(person.view.getByRole('row', { name: /count/ })).toContainText('20');
  await person.tab('Outputs & metrics').click();
  await expect(person.view).toContainText('9.5');
  await person.tab('Graph').click();

  // What went over the edges, here and beside the notebook.
  for (const label of [
    person.view.locator('.jp-lw-GraphLine-label'),
    person.sidebar.locator('.jp-lw-GraphLine-label')
  ]) {
    await expect(label.filter({ hasText: /numbers · [\d.]+ k?B/ })).toHaveCount(1);
  }
  await expect(
    person.view.locator('.jp-lw-GraphLine-label title').filter({ hasText: 'list' })
  ).toHaveCount(1);

  // The executed notebook, as a notebook.
  await person.ran('make').click();
  await person.view.getByRole('button', { name: 'Executed notebook' }).click();
  await expect(page.locator('.jp-Notebook:visible')).toContainText('made 20');
  await page.getByRole('tab', { name: 'summing.ipynb' }).click();

  // The same again.
  await expect(person.summary).toHaveText('3 steps, all from the cache');
  await person.run();
  await person.ends();
  await expect(person.view).toContainText('3 from the cache');
  await expect(person.row('summing')).toHaveCount(2);

  // An edit makes what follows it stale.
  await page.getByRole('tab', { name: 'summing.ipynb' }).click();
  await person.cell(5).locator('.cm-content').click();
  await page.keyboard.press('End');
  await page.keyboard.type(' + 0');
  await expect(person.step('make')).toHaveAttribute('data-lw-state', 'cached');
  await expect(person.step('add')).toHaveAttribute('data-lw-state', 'stale');
  await expect(person.chip(5).locator('../..')).toContainText('out of date');
  await person.step('add').click();
  await expect(person.pipeline).toContainText('its code changed');

  // Up to a step, and from a step.
  await person.button('Run add and what it needs').click();
  await person.ends();
  await expect(person.view).toContainText('2 of 2 (1 from the cache)');
  await page.getByRole('tab', { name: 'summing.ipynb' }).click();
  await person.step('add').click();
  await person.button('Run add and all after it anew').click();
  await person.ends();
  await expect(person.view).toContainText('3 of 3 (1 from the cache)');
});

test('two runs side by side', async ({ workbench }) => {
  const person = await workbench.pipeline('comparing.ipynb', SUM);
  const { page } = workbench;
  await person.run();
  await person.ends();
  await page.getByRole('tab', { name: 'comparing.ipynb' }).click();
  await person.cell(5).locator('.cm-content').click();
  await page.keyboard.press('End');
  await page.keyboard.type(' + 5');
  await person.runWith({ count: '12' });
  await expect(person.row('comparing')).toHaveCount(2);
  await person.ends();
  await person.view.getByRole('button', { name: 'Compare…' }).click();
  await person.dialog.getByRole('button', { name: 'Compare' }).click();
  const compare = page.locator('.jp-lw-Compare:visible');
  const parameters = compare.getByRole('table', { name: 'Parameters' });
  await expect(parameters.getByRole('row', { name: /count/ })).toContainText('10');
  await expect(parameters.getByRole('row', { name: /count/ })).toContainText('12');
  await expect(compare.getByRole('table', { name: 'Metrics' })).toContainText('4.5');
  await expect(compare).toContainText('1 cell changed');
  await expect(compare.locator('.jp-lw-Compare-code')).toContainText(
    'total = sum(numbers) + 5'
  );
});

test('a run is cancelled', async ({ workbench, lab }) => {
  gated(lab, 'cancelling.ipynb');
  const person = await workbench.pipeline('cancelling.ipynb');
  await person.run();
  await expect(person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  await expect(person.row('cancelling')).toContainText('1 of 3 steps');
  await person.view.getByRole('button', { name: 'Cancel' }).click();
  await person.ends('Cancelled');
  await expect(person.view.getByRole('button', { name: 'Resume' })).toBeVisible();
});

test('a failed run is retried from where it failed', async ({ workbench }) => {
  const cells = [
    code('from pathlib import Path', 'imports'),
    code('start = 3', 'step:begin'),
    code(
      'if not Path("mended").exists():\n    raise ValueError("mend me first")\nend = start * 2',
      'step:work'
    )
  ];
  const person = await workbench.pipeline('failing.ipynb', cells);
  const { page, lab } = workbench;
  await person.run();
  await person.ends('Failed');
  await expect(person.view.locator('.jp-lw-RunHeader')).toContainText('mend me first');
  // The failed step is shown without a click, with its traceback.
  await expect(person.view.locator('.jp-lw-StepDetail')).toContainText('ValueError');
  await expect(page.locator('.Toastify')).toContainText('failing');
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${lab.root}/mended`, '');
  await person.view.getByRole('button', { name: 'Retry from failed step' }).click();
  await person.ends();
  await expect(person.ran('work')).toHaveAttribute('data-lw-state', 'SUCCEEDED');
});

test('the log is followed while it is written', async ({ workbench, lab }) => {
  const gate = gated(lab, 'logging.ipynb');
  const person = await workbench.pipeline('logging.ipynb');
  await person.run();
  await expect(person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  await person.tab('Log').click();
  const log = person.view.getByRole('log');
  await expect(log).toContainText('waiting for logging.ipynb.gate');
  gate.open();
  // The log goes on with the step that runs now.
  await expect(log).toContainText('end 42');
  await person.ends();
  await person.tab('Steps').click();
  await expect(person.view.getByRole('table', { name: 'Steps' })).toContainText(
    'finish'
  );
});
