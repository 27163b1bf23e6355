/** What waits longer than any other test, in a file of its own so that it begins early. */
import { expect, test } from './fixtures';
import { SUM } from './notebooks';

// The browser itself complains about what a target's absence makes fail.
test.use({ mayComplain: /503/ });

test('a target that does not answer hides nothing of the others', async ({
  two,
  places
}) => {
  const person = await two.pipeline('away.ipynb', SUM);
  await person.runElsewhere('before');
  await person.ends();
  places.answers(false);
  await two.command('labwright:refresh-runs');
  await expect(person.sidebar.locator('.jp-lw-Runs-remark').first()).toContainText(
    'nobody answers'
  );
  await expect(person.row('before')).toHaveCount(1);
  await two.page.getByRole('tab', { name: 'away.ipynb' }).click();
  await person.button('Run with…').click();
  const run = person.dialog.getByRole('button', { name: 'Run', exact: true });
  await expect(person.dialog).toContainText('Does not answer: nobody answers');
  await expect(run).toBeDisabled();
  await person.dialog.getByLabel('Target').selectOption('local');
  await run.click();
  await expect(person.row('away')).toHaveCount(1);
  await person.ends();
  places.answers(true);
  // Nobody asked: the server noticed.
  await expect(person.sidebar.locator('.jp-lw-Runs-remark')).toHaveCount(0, {
    timeout: 45_000
  });
  await expect(person.row('before')).toHaveCount(1);
});
