import { availableParallelism } from 'node:os';

import { defineConfig } from '@playwright/test';

import { CHROMIUM_FLAGS, findChromium } from './lab.mjs';

/** Each worker has a JupyterLab of its own; what is measured runs after all else, alone. */
export default defineConfig({
  testDir: '.',
  outputDir: 'output',
  fullyParallel: false,
  // A test often waits for a process to start: there is work for more than the cores.
  workers: Math.ceil((availableParallelism() * 3) / 2),
  forbidOnly: !!process.env.CI,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    actionTimeout: 20_000,
    viewport: { width: 1400, height: 900 },
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_FLAGS },
    screenshot: 'only-on-failure'
  },
  projects: [
    {
      name: 'browser',
      testMatch: '*.spec.ts',
      testIgnore: ['screenshots.spec.ts', 'speed.spec.ts']
    },
    { name: 'speed', testMatch: 'speed.spec.ts', dependencies: ['browser'] },
    { name: 'screenshots', testMatch: 'screenshots.spec.ts' }
  ]
});
