/** What a person does with a second target beside this machine. */
import { expect, test } from './fixtures';
import { code, gated, SUM } from './notebooks';

test('a pipeline runs elsewhere as it does here', async ({ two }) => {
  const person = await two.pipeline('far.ipynb', SUM);
  const { page } = two;
  await person.button('Run with…').click();
  await person.dialog.getByLabel('Target').selectOption('elsewhere');
  // What is not as it is here is said before.
  await expect(person.dialog).toContainText(
    'A run that was cancelled cannot be resumed'
  );
  await person.leave();
  await person.runElsewhere('nightly');
  await person.ends();
  await expect(page.locator('.Toastify')).toContainText('nightly succeeded');
  const row = person.row('nightly');
  await expect(row).toContainText('elsewhere');
  await expect(row).toContainText('mean 4.5');
  const header = person.view.locator('.jp-lw-RunHeader');
  await expect(header.getByRole('link', { name: 'Open in its UI' })).toHaveAttribute(
    'href',
    /^http:\/\/elsewhere\.example\/pipeline\/#\/runs\/details\/far-/
  );
  for (const step of ['make', 'add', 'judge']) {
    await expect(person.ran(step)).toHaveAttribute('data-lw-state', 'SUCCEEDED');
  }
  await person.tab('Outputs & metrics').click();
  await expect(person.view).toContainText('4.5');
  await person.tab('Steps').click();
  await expect(person.view.getByRole('table', { name: 'Steps' })).toContainText(
    'judge'
  );
  await person.tab('Log').click();
  await person.view.getByLabel('Step', { exact: true }).selectOption('make');
  await expect(person.view.getByRole('log')).toContainText('made 10');
  await person.tab('Graph').click();
  await person.ran('make').click();
  await person.view.getByRole('button', { name: 'Executed notebook' }).click();
  await expect(page.locator('.jp-Notebook:visible')).toContainText('made 10');
  await page.getByRole('button', { name: /@elsewhere/ }).click();

  // Beside a run of this machine: one list, two sides of a comparison, a filter.
  await page.getByRole('tab', { name: 'far.ipynb' }).click();
  await person.button('Run with…').click();
  await person.dialog.getByLabel('Target').selectOption('local');
  await person.dialog.getByLabel('count', { exact: true }).fill('12');
  await person.dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(person.row('far')).toHaveCount(1);
  await person.ends();
  await person.view.getByRole('button', { name: 'Compare…' }).click();
  await person.dialog.getByRole('button', { name: 'Compare' }).click();
  const parameters = page
    .locator('.jp-lw-Compare:visible')
    .getByRole('table', { name: 'Parameters' });
  await expect(parameters.getByRole('row', { name: /count/ })).toContainText('12');
  await person.sidebar.getByLabel('Target', { exact: true }).selectOption('elsewhere');
  await expect(person.row('far')).toHaveCount(0);
  await expect(row).toHaveCount(1);

  // The layout remembers where the run is.
  const saved = two.saved(/"current":"labwright-run:[^"]*@elsewhere"/);
  await row.dblclick();
  await saved;
  await two.reload();
  await expect(person.view.getByRole('heading', { name: 'nightly' })).toBeVisible();
  await person.view.getByRole('button', { name: 'Archive' }).click();
  await expect(person.view.getByRole('heading', { name: 'nightly' })).toHaveCount(0);
  await expect(row).toHaveCount(0);
});

test('a run elsewhere is watched, cancelled and retried', async ({ two, places }) => {
  const gate = gated(places, 'waiting.ipynb');
  const person = await two.pipeline('waiting.ipynb');
  const { page } = two;
  await person.runElsewhere();
  await expect(person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  await person.tab('Log').click();
  const log = person.view.getByRole('log');
  await expect(log).toContainText('waiting for waiting.ipynb.gate');
  await person.view.getByRole('button', { name: 'Cancel' }).click();
  await person.ends('Cancelled');
  // Here it could be resumed.
  await expect(person.view.getByRole('button', { name: 'Archive' })).toBeVisible();
  await expect(person.view.getByRole('button', { name: 'Resume' })).toHaveCount(0);

  // Another one goes through, line by line.
  await page.getByRole('tab', { name: 'waiting.ipynb' }).click();
  await person.runElsewhere('second');
  await expect(person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  await person.tab('Log').click();
  await expect(log).toContainText('waiting for waiting.ipynb.gate');
  gate.open();
  await expect(log).toContainText('end 42');
  await person.ends();

  const failing = [code('raise ValueError("not here")', 'step:fail')];
  await two.pipeline('failing.ipynb', failing);
  await person.runElsewhere();
  await person.ends('Failed');
  await person.view.getByRole('button', { name: 'Retry from failed step' }).click();
  await expect(person.view.getByRole('button', { name: 'Cancel' })).toBeVisible();
  await person.ends('Failed');
});

test('a pipeline runs by itself', async ({ two }) => {
  const person = await two.pipeline('planned.ipynb', SUM);
  const { page } = two;
  await page.getByRole('menuitem', { name: 'Pipeline' }).click();
  await person.menuItem('Schedule…').click();
  const { dialog } = person;
  const accept = dialog.getByRole('button', { name: 'Schedule', exact: true });
  await dialog.getByLabel('Cron').fill('61 * * * *');
  await expect(accept).toBeDisabled();
  await dialog.getByLabel('Cron').fill('30 6 * * 1-5');
  await expect(dialog).toContainText('At 06:30, Monday through Friday, in UTC');
  await dialog.getByLabel('From').fill('2027-01-02T00:00');
  await dialog.getByLabel('Until').fill('2027-01-01T00:00');
  await expect(dialog).toContainText('It ends before it starts');
  await expect(accept).toBeDisabled();
  await dialog.getByLabel('Until').fill('');
  await dialog.getByLabel('Name').fill('on weekdays');
  await accept.click();
  const list = person.sidebar.getByRole('list', { name: 'Schedules' });
  const row = list.getByRole('listitem').filter({ hasText: 'on weekdays' });
  await expect(row).toContainText('At 06:30, Monday through Friday, in UTC');
  await row.getByRole('button', { name: 'Pause on weekdays' }).click();
  await expect(row).toContainText('paused');
  // It is the target's: another look at it finds the same.
  await two.command('labwright:refresh-runs');
  await expect(row).toContainText('paused');
  await row.getByRole('button', { name: 'Resume on weekdays' }).click();
  await expect(row).not.toContainText('paused');

  await page.getByRole('menuitem', { name: 'Pipeline' }).click();
  await person.menuItem('Schedule…').click();
  await dialog.getByLabel('By', { exact: true }).selectOption('interval');
  await dialog.getByLabel('Every').fill('2');
  await accept.click();
  await expect(list).toContainText('every 2 h');
  await row.getByRole('button', { name: 'Delete on weekdays' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});
