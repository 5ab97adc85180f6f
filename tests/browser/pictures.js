// Makes README's picture anew: `node pictures.js` in tests/browser, after
// `cargo xtask run` has built the server once. Look at it before committing.
import { resolve } from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from './lib/browser.js';
import { startNatter, WIDGET_KEY } from './lib/natter.js';
import { startSite } from './lib/site.js';

const folder = resolve('../../docs/images');
const natter = await startNatter();
const shop = (config) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body { margin: 0; background: linear-gradient(135deg, ${config.theme === 'dark' ? '#1b2230, #0d1017' : '#eef2fb, #f8f4ee'}); min-height: 100vh }
</style></head><body><script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>
<script src="${natter.url}/widget/chat-widget.js"></script></body></html>`;
const base = { licenseKey: WIDGET_KEY, title: 'Ask Natter', showSources: true };
const site = await startSite({
  '/light': shop({ ...base }),
  '/dark': shop({ ...base, theme: 'dark', primaryColor: '#7c5cff' }),
  '/teal': shop({ ...base, theme: 'light', primaryColor: '#0f766e', suggestedQuestions: ['How do I put the widget on my page?', 'Which databases can I use?', 'Is it accessible?'], welcomeMessage: 'Hello! What would you like to know?' }),
});
const browser = await chromium.launch(launchOptions);

async function take(path, viewport, then, clip) {
  const page = await (await browser.newContext({ viewport, deviceScaleFactor: 2 })).newPage();
  await page.goto(site.url + path);
  await page.locator('natter-widget .b').waitFor();
  await then(page);
  await page.mouse.move(2, 2);
  const picture = await page.screenshot({ animations: 'disabled', clip });
  await page.context().close();
  return picture.toString('base64');
}

const ask = (question) => async (page) => {
  await page.locator('natter-widget .b').click();
  const input = page.locator('natter-widget .composer textarea');
  await input.fill(question);
  await input.press('Enter');
  await page.locator('natter-widget .row.bot .acts').waitFor();
  await page.locator('natter-widget .scroll').evaluate((node) => (node.scrollTop = 0));
};

/** Several pictures beside each other, in one file. */
async function side(name, pictures, height) {
  const page = await browser.newPage({ viewport: { width: 1200, height: height + 40 } });
  const images = pictures.map((data) => `<img src="data:image/png;base64,${data}" style="height:${height}px;border-radius:14px;box-shadow:0 4px 24px #0002">`);
  await page.setContent(`<body style="margin:0;display:inline-flex;gap:20px;padding:20px;background:#fff">${images.join('')}</body>`);
  await page.locator('body').screenshot({ path: `${folder}/${name}.png` });
  await page.close();
}

const tall = { width: 460, height: 800 };
const light = await take('/light', { width: 500, height: 800 }, ask('How do I put the widget on my page?'));
const dark = await take('/dark', tall, ask('Which databases can I use?'));
const phone = await take('/teal', { width: 375, height: 667 }, async (page) => {
  await page.locator('natter-widget .b').click();
  await page.locator('natter-widget .suggestion').first().waitFor();
});
await side('chat', [light, dark, phone], 560);
await browser.close();
await site.stop();
await natter.stop();
