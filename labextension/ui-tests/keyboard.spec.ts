import type { Page } from '@playwright/test';

import { expect, test } from './fixtures';
import { SUM } from './notebooks';

/** Press Tab until the focus is where it should be. */
async function tabTo(page: Page, selector: string, most = 60): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    const there = await page.evaluate(
      selector => document.activeElement?.matches(selector) ?? false,
      selector
    );
    if (there) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`No ${selector} within ${most} presses of Tab`);
}

async function fromPalette(page: Page, words: string): Promise<void> {
  // JupyterLab may still be about to listen.
  await expect(async () => {
    await page.keyboard.press('Control+Shift+c');
    await page.locator('#modal-command-palette input').waitFor({ timeout: 2000 });
  }).toPass();
  await page.keyboard.type(words);
  await expect(page.locator('.lm-CommandPalette-item.lm-mod-active')).toContainText(
    words
  );
  await page.keyboard.press('Enter');
}

test('everything is reached without a mouse', async ({ workbench }) => {
  const person = await workbench.pipeline('typing.ipynb', SUM);
  const { page } = workbench;
  await expect(person.step('judge')).toBeVisible();
  // A notebook takes the focus once more when its kernel is there.
  await expect(page.locator('#jp-main-statusbar')).toContainText('Idle');
  await page.mouse.move(0, 0);

  // The panel, its graph, and a step.
  await fromPalette(page, 'Show Pipeline');
  await tabTo(page, '#labwright .react-flow__node');
  await page.keyboard.press('ArrowDown');
  const focused = page.locator('#labwright .react-flow__node:focus');
  await expect(focused).toHaveAttribute('aria-label', /^Step add/);
  await page.keyboard.press('Enter');
  await expect(person.cell(5)).toHaveClass(/jp-mod-active/);

  // Out of the graph, which keeps JupyterLab's shortcuts to itself, and run with another parameter.
  await tabTo(page, '[role=group][aria-label="Step add"] button');
  await fromPalette(page, 'Run Pipeline With…');
  await expect(person.dialog).toBeVisible();
  await tabTo(page, '.jp-Dialog input');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('7');
  await page.keyboard.press('Enter');
  await person.ends();

  // The list of runs, and the run from there.
  await fromPalette(page, 'Show Runs');
  await tabTo(page, '#labwright [role=listbox]');
  await page.keyboard.press('Home');
  await expect(person.row('typing')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');

  // Along its tabs.
  await expect(person.tab('Graph')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(person.tab('Steps')).toBeFocused();
  await page.keyboard.press('End');
  await expect(person.tab('Source')).toHaveAttribute('aria-selected', 'true');
});
