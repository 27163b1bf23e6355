import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from './fixtures';
import { code, text } from './notebooks';
import { watch } from './watch';

test('the example shows its pipeline', async ({ workbench }) => {
  const person = await workbench.pipeline('digits.ipynb');
  for (const name of [
    'load',
    'split',
    'forest',
    'nearest',
    'evaluate',
    'choose',
    'card'
  ]) {
    await expect(person.step(name)).toBeVisible();
  }
  await expect(person.edge('labels, pictures')).toBeVisible();
  await expect(person.step('card')).toContainText('if accuracy > wanted_accuracy');
  await expect(person.summary).toHaveText(/7 steps/);
  await expect(person.pipeline.getByLabel('trees', { exact: true })).toHaveValue('100');
  await person.sidebar.getByRole('button', { name: 'Show all of it' }).click();
  await person.step('forest').click();
  await expect(person.cell(10)).toBeInViewport();
  await expect(person.cell(10)).toHaveClass(/jp-mod-active/);
});

test('cells are marked as steps with the mouse', async ({ workbench, lab }) => {
  const name = 'marking.ipynb';
  const person = await workbench.pipeline(name, [
    code('x = 1'),
    code('y = 2'),
    code('print(y)')
  ]);
  const { page } = workbench;
  await expect(person.sidebar).toContainText('This notebook has no steps yet');

  // The cell's toolbar.
  await person.cell(0).click();
  await person.cell(0).locator('[data-command="labwright:mark-step"]').click();
  await person.dialog.getByLabel('Name').fill('first');
  await person.dialog.getByRole('button', { name: 'Mark' }).click();
  await expect(person.chip(0)).toHaveText('first');
  await expect(person.chip(2)).toHaveText('first');
  await expect(person.step('first')).toBeVisible();

  // The context menu.
  await person.cell(1).click({ button: 'right' });
  await person.submenu('Pipeline', 'Step…');
  await person.dialog.getByLabel('Name').fill('second');
  await person.dialog.getByRole('button', { name: 'Mark' }).click();
  await expect(person.chip(1)).toHaveText('second');
  await expect(person.step('second')).toBeVisible();
  await expect(person.sidebar.locator('.jp-lw-GraphLine-label')).toHaveCount(0);

  // An edge for what the code takes, without saving.
  await person.cell(1).locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('y = ');
  const seen = await watch(page, '#labwright .jp-lw-GraphLine-label', 'x');
  await page.keyboard.type('x');
  const took = await seen();
  console.log(`edit to edge: ${took.toFixed(0)} ms`);
  test
    .info()
    .annotations.push({ type: 'edit to edge, ms', description: took.toFixed(0) });
  expect(took).toBeLessThan(1000);
  expect(readFileSync(join(lab.root, name), 'utf8')).not.toContain('step:');

  // Merge, and take it back.
  await person.cell(1).click({ button: 'right' });
  await person.submenu('Pipeline', 'Merge With Step Above');
  await expect(person.step('second')).toHaveCount(0);
  await expect(person.chip(1)).toHaveText('first');
  await person.cell(1).locator('.jp-InputPrompt').click();
  await page.keyboard.press('z');
  await expect(person.step('second')).toBeVisible();

  // Skip.
  await person.cell(2).click({ button: 'right' });
  await person.submenu('Pipeline', 'Skip in Pipeline');
  await expect(person.chip(2)).toHaveText('skipped');
});

test('steps are suggested from headings', async ({ workbench }) => {
  const person = await workbench.pipeline('headings.ipynb', [
    code('import math'),
    text('## Prepare'),
    code('numbers = [n * n for n in range(4)]'),
    text('## Sum up'),
    code('total = math.fsum(numbers)'),
    code('print(total)')
  ]);
  await person.button('Suggest steps', person.sidebar).click();
  await person.dialog.getByRole('button', { name: 'Mark cells' }).click();
  await expect(person.chip(0)).toHaveText('imports');
  await expect(person.step('prepare')).toBeVisible();
  await expect(person.step('sum_up')).toBeVisible();
  await expect(person.edge('numbers')).toBeVisible();
  await expect(person.chip(5)).toHaveText('sum_up');
});

test('a cell is dragged onto a step', async ({ workbench }) => {
  const person = await workbench.pipeline('dragging.ipynb', [
    code('a = 1', 'step:one'),
    code('b = a', 'step:two'),
    code('c = b')
  ]);
  await expect(person.chip(2)).toHaveText('two');
  await expect(person.step('one')).toBeVisible();
  const { page } = workbench;
  await person.cell(2).locator('.jp-InputPrompt').hover();
  await page.mouse.down();
  const box = (await person.step('one').boundingBox())!;
  await page.mouse.move(box.x + 30, box.y + 10, { steps: 8 });
  await expect(person.step('one')).toHaveClass(/-mod-dropTarget/);
  await page.mouse.up();
  await expect(person.chip(2)).toHaveText('one');
});

test('what is wrong is said at the step, the cell and in the list', async ({
  workbench
}) => {
  const person = await workbench.pipeline('wrong.ipynb', [
    code('a = 1', 'step:one'),
    code('print(missing_name)', 'step:two')
  ]);
  await expect(person.step('two').locator('[data-lw-severity]')).toBeVisible();
  await expect(person.cell(1).locator('.jp-lw-CellChip-remark')).toContainText(
    'missing_name'
  );
  await person.sidebar.getByText('Remarks').click();
  await expect(person.sidebar.locator('.jp-lw-Remarks')).toContainText('missing_name');
});

test('settings of a step are edited in the inspector', async ({ workbench }) => {
  const person = await workbench.pipeline('settings.ipynb', [
    code('a = 1', 'step:one'),
    code('b = a', 'step:two')
  ]);
  const { page } = workbench;
  await person.step('two').click();
  await person.button('Settings of two').click();
  const inspector = page.locator('.jp-lw-Inspector');
  await expect(inspector.getByRole('heading', { name: 'two' })).toBeVisible();
  await expect(inspector.locator('.jp-lw-Interface').first()).toContainText('one');
  await inspector.getByText('When it runs').click();
  await inspector.getByLabel('when', { exact: false }).first().fill('a > 3');
  await expect(person.step('two')).toContainText('if a > 3');
});
