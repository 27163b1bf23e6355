import { expect, test } from './fixtures';
import { gated } from './notebooks';

test('the page is reloaded in the middle of a run', async ({ workbench, lab }) => {
  const gate = gated(lab, 'reloading.ipynb');
  const person = await workbench.pipeline('reloading.ipynb');
  const { page } = workbench;
  await person.run();
  await expect(person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  const saved = workbench.saved(/Steps|"steps"/);
  await person.tab('Steps').click();
  await saved;
  await workbench.reload();
  await expect(person.tab('Steps')).toHaveAttribute('aria-selected', 'true');
  await expect(person.state).toHaveText('Running');
  gate.open();
  await person.ends();
  await person.tab('Graph').click();
  await expect(person.ran('finish')).toHaveAttribute('data-lw-state', 'SUCCEEDED');
  await expect(page.getByRole('tab', { name: 'reloading.ipynb' })).toBeVisible();
});

test('two windows on one run show the same', async ({ workbench, another, lab }) => {
  const gate = gated(lab, 'sharing.ipynb');
  const one = await workbench.pipeline('sharing.ipynb');
  const other = await another(lab);
  await other.command('labwright:show-runs');
  await expect(other.person.sidebar).toBeVisible();
  await one.run();
  await expect(one.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  // It came into the other window's list by itself.
  await other.person.row('sharing').dblclick();
  await expect(other.person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
  gate.open();
  await Promise.all([one.ends(), other.person.ends()]);
  for (const person of [one, other.person]) {
    for (const step of ['begin', 'wait', 'finish']) {
      await expect(person.ran(step)).toHaveAttribute('data-lw-state', 'SUCCEEDED');
    }
  }
  // What one deletes is gone in the other.
  await other.person.view.getByRole('button', { name: 'Delete' }).click();
  await other.person.dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(one.view).toHaveCount(0);
  await expect(one.row('sharing')).toHaveCount(0);
});

test.describe('without its server', () => {
  // While it is away the browser itself complains about every request.
  test.use({ mayComplain: true });

  test('the server is killed in the middle of a run', async ({
    another,
    ownLab: lab
  }) => {
    test.setTimeout(180_000); // two starts of a server, and JupyterLab's back-off between them
    const gate = gated(lab, 'killing.ipynb');
    const workbench = await another(lab);
    const person = await workbench.pipeline('killing.ipynb');
    const { page } = workbench;
    await page.evaluate(() => Reflect.set(window, 'neverReloaded', true));
    // JupyterLab's own word about the lost connection, where it notices.
    await page.addLocatorHandler(
      page.getByRole('dialog', { name: 'Server Connection Error' }),
      dialog => dialog.getByRole('button').last().click()
    );
    await person.run();
    await expect(person.ran('wait')).toHaveAttribute('data-lw-state', 'RUNNING');
    await lab.stop('SIGKILL');
    await expect(person.sidebar).toContainText('Not connected');
    // The run goes on by itself, to its end.
    gate.open();
    await lab.serve();
    await expect(person.sidebar).not.toContainText('Not connected', {
      timeout: 40_000
    });
    await person.ends();
    for (const step of ['begin', 'wait', 'finish']) {
      await expect(person.ran(step)).toHaveAttribute('data-lw-state', 'SUCCEEDED');
    }
    expect(await page.evaluate(() => Reflect.get(window, 'neverReloaded'))).toBe(true);
    await person.tab('Log').click();
    await expect(person.view).toContainText('end 42');
  });
});
