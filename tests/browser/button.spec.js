// The round button: what has come meanwhile, its own picture, and its place among the page's bars.
import { configured, expect, test } from './lib/shop.js';
import { violations } from './lib/axe.js';

const badge = (chat) => chat.launcher.evaluate((button) => {
  const style = getComputedStyle(button, '::after');
  return style.content === 'none' ? '' : button.dataset.unread;
});

/** Asks, closes the chat, and lets the answer come while nobody looks. */
async function answeredMeanwhile(page, chat, upstream, question) {
  await chat.open();
  await chat.ask(question);
  const call = await upstream.call();
  call.send('Soon.');
  await expect(chat.answerText).toHaveText('Soon.');
  await page.keyboard.press('Escape');
  await expect(chat.panel).toBeHidden();
  call.finish();
}

test('answers that come while the chat is closed are counted until it is opened', async ({ page, chat, upstream, shop, shot }) => {
  await shop({});
  await answeredMeanwhile(page, chat, upstream, 'One');
  await expect(chat.launcher).toHaveAccessibleName('Open chat, 1 new answer');
  await expect(page.locator('.nt > [role="status"]')).toHaveText('Open chat, 1 new answer');
  expect(await badge(chat)).toBe('1');
  await shot('badge');
  await page.reload();
  await expect(chat.launcher, 'after a page load too').toHaveAccessibleName('Open chat, 1 new answer');
  expect(await badge(chat)).toBe('1');
  await chat.open();
  await expect(chat.launcher).toHaveAccessibleName('Close chat');
  expect(await badge(chat)).toBe('');
  await page.keyboard.press('Escape');
  await expect(chat.launcher).toHaveAccessibleName('Open chat');
  await page.reload();
  await chat.launcher.hover();
  await expect(chat.launcher).toHaveAttribute('aria-haspopup', 'dialog');
  await expect(chat.launcher).toHaveAccessibleName('Open chat');
});

test('more than nine are nine and more', async ({ page, chat, shop, shot }) => {
  const { url } = await shop({});
  await chat.open();
  await page.keyboard.press('Escape');
  // Once the session has begun, nothing more is written here.
  await expect.poll(() => page.evaluate(() => Object.values(localStorage).some((kept) => kept.includes('"visitor"')))).toBe(true);
  await page.evaluate(() => {
    const name = Object.keys(localStorage).find((name) => name.startsWith('natter:'));
    localStorage[name] = JSON.stringify({ ...JSON.parse(localStorage[name]), unread: 12 });
  });
  await page.goto(`${url}/other`);
  await expect(chat.launcher).toHaveAccessibleName('Open chat, 12 new answers');
  await expect(chat.launcher).toHaveAttribute('data-unread', '9+');
  await shot('badge-many');
});

test('a failed answer is no news', async ({ page, chat, upstream, shop }) => {
  await shop({});
  await chat.open();
  await chat.ask('One');
  const call = await upstream.call();
  await page.keyboard.press('Escape');
  await page.evaluate(() => ChatWidget.on('error', () => (window.failed = true)));
  call.refuse(400);
  await expect.poll(() => page.evaluate(() => window.failed)).toBe(true);
  await expect(chat.launcher).toHaveAccessibleName('Open chat');
});

const picture = (colour) => `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="${colour}"/></svg>`;
const file = (colour) => ({ html: picture(colour), type: 'image/svg+xml' });

test('the button shows a picture of one’s own, and its sign where that is missing', async ({ natter, site, page, chat, shot }) => {
  const { url } = await natter();
  const pages = { '/icon.svg': file('teal') };
  const shop = await site(pages);
  pages['/'] = configured(url, { launcherIconUrl: `${shop.url}/icon.svg` });
  pages['/missing'] = configured(url, { launcherIconUrl: `${shop.url}/none.svg` });
  await page.goto(shop.url);
  const image = chat.launcher.locator('img');
  await expect(image).toBeVisible();
  await expect(image).toHaveAttribute('alt', '');
  const [inner, outer] = [await image.boundingBox(), await chat.launcher.boundingBox()];
  expect(outer.width - inner.width).toBeLessThanOrEqual(2);
  await shot('launcher-picture');
  await chat.open();
  await expect.poll(() => image.evaluate((node) => getComputedStyle(node).opacity), 'the arrow instead').toBe('0');
  await shot('launcher-picture-open');
  const failed = page.waitForResponse((r) => r.url().endsWith('/none.svg'));
  await page.goto(`${shop.url}/missing`);
  await failed;
  await expect(chat.launcher).toBeVisible();
  await expect(image).toHaveCount(0);
  await expect(chat.launcher.locator('svg').first()).toBeVisible();
});

const bar = (more = '') => `<div class="bar" style="position:fixed;left:0;right:0;bottom:0;height:60px;background:#ddd;${more}">Cookies</div>`;
const clear = async (node, bar) => {
  const [one, two] = [await node.boundingBox(), await bar.boundingBox()];
  return two === null || one.y + one.height <= two.y;
};

test('button, bubble and panel stay clear of the bars that the page names', async ({ page, chat, shop, shot }) => {
  await shop({ avoidSelector: '.bar', engagementPrompts: ['Tea?'] }, bar());
  const bars = page.locator('.bar');
  const bottom = async () => Math.round(800 - ((await chat.launcher.boundingBox()).y + 70));
  await expect.poll(bottom).toBe(70);
  expect(await clear(page.locator('.bubble .talk'), bars)).toBe(true);
  await shot('above-a-bar');
  await chat.open();
  expect(await clear(chat.panel, bars)).toBe(true);
  await shot('above-a-bar-open');
  await page.keyboard.press('Escape');
  // It grows, goes, and comes again.
  await bars.evaluate((node) => (node.style.height = '100px'));
  await expect.poll(bottom).toBe(110);
  await bars.evaluate((node) => (node.style.display = 'none'));
  await expect.poll(bottom).toBe(10);
  await bars.evaluate((node) => (node.style.display = ''));
  await expect.poll(bottom).toBe(110);
  await bars.evaluate((node) => node.remove());
  await expect.poll(bottom).toBe(10);
});

test('a bar that slides in is waited for, and one that only scrolls by is not avoided', async ({ page, chat, shop }) => {
  await shop({ avoidSelector: '.bar' }, bar('transition:transform .2s;transform:translateY(60px)') + '<p class="bar" style="height:4000px">Text</p>');
  const bottom = async () => Math.round(800 - ((await chat.launcher.boundingBox()).y + 70));
  await expect(chat.launcher).toHaveAttribute('aria-haspopup', 'dialog');
  expect(await bottom()).toBe(10);
  await page.locator('div.bar').evaluate((node) => (node.style.transform = 'none'));
  await expect.poll(bottom).toBe(70);
});

test('a selector that is none is said once and does no harm', async ({ page, chat, shop, seen }) => {
  const warned = page.waitForEvent('console', (m) => m.type() === 'warning' && /avoidSelector/.test(m.text()));
  await shop({ avoidSelector: ':::' });
  await warned;
  await page.evaluate(() => document.body.append('x'));
  await chat.open();
  expect(seen.warnings.filter((text) => /avoidSelector/.test(text))).toHaveLength(1);
});

test('the closed button with its badge is accessible, in forced colours too', async ({ page, chat, upstream, shop, shot }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await shop({});
  await answeredMeanwhile(page, chat, upstream, 'One');
  await expect(chat.launcher).toHaveAccessibleName('Open chat, 1 new answer');
  expect((await violations(page)).filter((text) => !/^(region|landmark)/.test(text))).toEqual([]);
  await shot('badge-forced');
});
