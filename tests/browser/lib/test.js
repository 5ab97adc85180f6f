// The test function of all browser tests: makes servers, ends them, and watches the page.
import { test as base, expect } from '@playwright/test';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chat } from './chat.js';
import { startCable } from './net.js';
import { startNatter } from './natter.js';
import { startSite } from './site.js';
import { startUpstream } from './upstream.js';

export { expect };

const shots = 'artifacts/screenshots';

/** A fixture that starts things on demand and stops them, last first, after the test. */
const starter = (start) => async ({}, use) => {
  const started = [];
  await use(async (...args) => {
    const one = await start(...args);
    started.push(one);
    return one;
  });
  for (const one of started.reverse()) await one.stop();
};

export const test = base.extend({
  natter: starter(startNatter),
  site: starter(startSite),
  cable: starter(startCable),
  /** A data folder that outlives one server. */
  folder: starter(async () => {
    const path = mkdtempSync(join(tmpdir(), 'natter-data-'));
    return { path, stop: () => rmSync(path, { recursive: true, force: true }) };
  }),
  upstream: async ({}, use) => {
    const upstream = await startUpstream();
    await use(upstream);
    await upstream.stop();
  },
  chat: async ({ page }, use) => use(new Chat(page)),

  /** What the page requested, logged as an error, and threw. */
  seen: [
    async ({ page }, use, info) => {
      const seen = { requests: [], errors: [], warnings: [], exceptions: [] };
      page.on('request', (request) => seen.requests.push(request.url()));
      page.on('pageerror', (error) => seen.exceptions.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') seen.errors.push(message.text());
        if (message.type() === 'warning') seen.warnings.push(message.text());
      });
      await use(seen);
      if (info.status !== info.expectedStatus) {
        await info.attach('seen', { body: JSON.stringify(seen, null, 1), contentType: 'text/plain' });
      }
      expect(seen.exceptions, 'nothing throws on the page').toEqual([]);
    },
    { auto: true },
  ],

  /** Keeps a screenshot of a state worth looking at. */
  shot: async ({ page }, use) => {
    mkdirSync(shots, { recursive: true });
    await use((name) => page.screenshot({ path: `${shots}/${name}.png`, animations: 'disabled' }));
  },
});

/** The origins of URLs that a browser fetches from a network. */
export function origins(urls) {
  return [...new Set(urls.filter((url) => /^(https?|wss?):/.test(url)).map((u) => new URL(u).origin))];
}
