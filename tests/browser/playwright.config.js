// One worker, no retries: a test that passes only sometimes is a broken test.
import { defineConfig } from '@playwright/test';
import { launchOptions } from './lib/browser.js';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.js',
  outputDir: 'artifacts/failed',
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'artifacts/results.json' }]],
  use: {
    headless: true,
    viewport: { width: 1280, height: 800 },
    screenshot: 'only-on-failure',
    launchOptions,
  },
});
