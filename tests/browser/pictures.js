// Makes the pictures of README and guide anew: `node pictures.js` in tests/browser, or `node pictures.js
// chat` for one of them, after `cargo xtask run` has built the server once. Look at them before committing.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from './lib/browser.js';
import { api, open as openPage, signIn } from './lib/dashboard.js';
import { startNatter, WIDGET_KEY } from './lib/natter.js';
import { indexed } from './lib/png.js';
import { startSite } from './lib/site.js';

const folder = resolve('../../docs/images');
const natter = await startNatter();
const pages = {};
const site = await startSite(pages);
const browser = await chromium.launch(launchOptions);
const root = 'natter-widget';

/** A page with nothing but the chat. */
const shop = (config, lang) => `<!doctype html><html lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body { margin: 0; background: ${config.theme === 'dark' ? '#0b0d12' : '#eef1f7'}; min-height: 100vh }
</style></head><body><script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>
<script src="${natter.url}/widget/chat-widget.js"></script></body></html>`;

/** A picture of the chat with these options, after something was done. */
async function take(config, viewport, then, lang = 'en') {
  pages['/'] = shop({ licenseKey: WIDGET_KEY, title: 'Ask Natter', ...config }, lang);
  const page = await (await browser.newContext({ viewport, deviceScaleFactor: 2 })).newPage();
  await page.goto(site.url);
  await page.locator(`${root} .b`).waitFor();
  await then(page);
  await page.mouse.move(2, 2);
  const picture = await page.screenshot({ animations: 'disabled' });
  await page.context().close();
  return picture.toString('base64');
}

const open = async (page) => {
  await page.locator(`${root} .b`).click();
  await page.locator(`${root} .panel.open`).waitFor();
};

const ask = (question) => async (page) => {
  await open(page);
  const input = page.locator(`${root} .composer textarea`);
  await input.fill(question);
  await input.press('Enter');
  await page.locator(`${root} .row.bot .acts`).waitFor();
  await page.locator(`${root} .scroll`).evaluate((node) => (node.scrollTop = 0));
};

/** A page of the dashboard, as an admin sees it. */
async function dashboard(path, viewport, theme, then = () => {}) {
  const context = await browser.newContext({ viewport, deviceScaleFactor: 2, colorScheme: theme });
  const page = await context.newPage();
  await signIn(natter, page, { email: `${theme === 'dark' ? 'bob' : 'ada'}@tea.example` });
  await openPage(natter, page, path);
  await then(page);
  const picture = await page.screenshot({ animations: 'disabled' });
  await context.close();
  return picture.toString('base64');
}

const chosen = process.argv.slice(2);

/** Pictures beside each other, in one file of few colours. */
async function side(name, take, height) {
  if (chosen.length > 0 && !chosen.includes(name)) return;
  const pictures = await take();
  const page = await browser.newPage({ viewport: { width: 1600, height: height + 40 }, deviceScaleFactor: 1.5 });
  const images = pictures.map((data) => `<img src="data:image/png;base64,${data}" style="height:${height}px;border-radius:12px;outline:1px solid #d9dee8">`);
  await page.setContent(`<body style="margin:0;display:inline-flex;gap:20px;padding:2px;background:#fff">${images.join('')}</body>`);
  const picture = await page.locator('body').screenshot();
  const { pixels, width, height: rows } = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const { data: bytes } = canvas.getImageData(0, 0, width, height);
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { pixels: btoa(text), width, height };
  }, picture.toString('base64'));
  const file = indexed(Buffer.from(pixels, 'base64'), width, rows);
  writeFileSync(`${folder}/${name}.png`, file);
  console.log(`${name}.png: ${width} × ${rows}, ${file.length} bytes`);
  await page.close();
}

// Wider than what counts as a phone, and all of one height: they are shown at one scale.
const large = { width: 500, height: 720 };
const phone = { width: 390, height: 720 };
const strip = { width: 500, height: 110 };
const prompts = { engagementPrompts: ['Questions about sizes? Ask me, I know every shoe here.'] };
const prompted = (page) => page.locator(`${root} .prompt`).waitFor();
const fields = [{ name: 'name', required: true }, { name: 'email', required: true }, { name: 'topic', label: 'What is it about?', type: 'choice', options: ['Order', 'Return'] }];
const arabic = {
  title: 'متجر الشاي',
  welcomeMessage: 'مرحبًا! كيف يمكنني مساعدتك اليوم؟',
  suggestedQuestions: ['كم تستغرق مدة التوصيل؟', 'ما هو أفضل إبريق لشخصين؟', 'هل يمكنني إرجاع طلبي؟'],
  primaryColor: '#0f766e',
};

try {
  await side('chat', async () => [
    await take({}, large, ask('Can I use my own model server?')),
    await take({ theme: 'dark', primaryColor: '#7c5cff' }, large, ask('Which databases can I use?')),
    await take({ primaryColor: '#0f766e', welcomeMessage: 'Hello! What would you like to know?', suggestedQuestions: ['How do I put the widget on my page?', 'Which databases can I use?', 'Is it accessible?'] }, phone, open),
  ], 560);
  await side('prompt', async () => [
    await take(prompts, strip, prompted),
    await take({ ...prompts, theme: 'dark', primaryColor: '#7c5cff' }, strip, prompted),
  ], 110);
  await side('form', async () => [await take({ preChatForm: { enabled: true, fields } }, large, open)], 560);
  await side('arabic', async () => [await take(arabic, large, open, 'ar'), await take({ ...arabic, theme: 'dark' }, phone, open, 'ar')], 560);
  await side('dashboard', async () => {
    const ui = { title: 'Tea shop', primaryColor: '#0f766e', welcomeMessage: 'Hello! Which tea do you like?', suggestedQuestions: ['What is good for two?', 'How long is delivery?'] };
    const { id } = await api(natter, 'POST', '/api/license-keys', { name: 'Tea shop', monthly_usage_limit: 1000, restriction: 'websites', websites: ['https://tea.example'], ui });
    await api(natter, 'POST', '/api/license-keys', { name: 'Blog', monthly_usage_limit: 200 });
    const previewed = async (page) => {
      await page.frameLocator('iframe').locator('natter-widget .panel.open').waitFor();
    };
    return [
      await dashboard(`/license-keys/${id}/ui`, { width: 1480, height: 900 }, 'light', previewed),
      await dashboard('/license-keys', { width: 390, height: 900 }, 'dark'),
    ];
  }, 560);
} finally {
  await browser.close();
  await site.stop();
  await natter.stop();
}
