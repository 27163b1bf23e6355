import { defineConfig } from '@playwright/test';

import { CHROMIUM_FLAGS, findChromium } from './lab.mjs';

/** Each worker has a JupyterLab of its own; two fit a small machine. */
export default defineConfig({
  testDir: '.',
  outputDir: 'output',
  fullyParallel: false,
  workers: 2,
  forbidOnly: !!process.env.CI,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1400, height: 900 },
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_FLAGS },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure'
  },
  projects: [
    { name: 'browser', testMatch: '*.spec.ts', testIgnore: 'screenshots.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.spec.ts' }
  ]
});
