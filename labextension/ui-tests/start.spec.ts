import { gzipSync } from 'node:zlib';

import { expect, test } from './fixtures';

test('JupyterLab starts with Labwright, within its budget', async ({ page, lab }) => {
  const loaded = new Map<string, number>();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(error.message));
  page.on('response', async response => {
    if (response.url().includes('/extensions/labwright/static/')) {
      loaded.set(response.url(), gzipSync(await response.body()).length);
    }
  });
  await page.goto(`${lab.url}&reset`);
  await expect(page.locator('#labwright')).toBeAttached();
  await expect(page.getByRole('tab', { name: 'Labwright' })).toBeVisible();
  const total = [...loaded.values()].reduce((sum, size) => sum + size, 0);
  test
    .info()
    .annotations.push({ type: 'gzip bytes at start', description: `${total}` });
  for (const [url, size] of loaded) {
    console.log(`${size}`.padStart(8), url.split('/').pop());
  }
  console.log(`loaded at start: ${total} bytes gzip in ${loaded.size} files`);
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThan(400_000);
  expect(errors).toEqual([]);
});
