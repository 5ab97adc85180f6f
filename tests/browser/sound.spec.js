// One short sound when the page is entered: as browsers allow it, once, and never against the wish
// of a visitor.
import { configured, expect, test } from './lib/shop.js';

/** Notes in the page what is played; `allowed` says whether it may be before a gesture. */
const listen = (page, allowed) =>
  page.addInitScript((allowed) => {
    window.played = [];
    window.acted = allowed;
    addEventListener('click', () => (window.acted = true), true);
    addEventListener('keydown', () => (window.acted = true), true);
    const resume = AudioContext.prototype.resume;
    AudioContext.prototype.resume = function () {
      // Refused as Chrome and Firefox do: the promise stays open.
      if (!window.acted) return new Promise(() => {});
      // A machine without a sound card would keep a test waiting.
      resume.call(this).catch(() => {});
      return Promise.resolve();
    };
    const start = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function () {
      window.played.push([this.buffer.duration, this.buffer.numberOfChannels]);
      return start.call(this);
    };
  }, allowed);
const played = (page) => page.evaluate(() => window.played.length);
const sounds = (seen) => seen.requests.filter((url) => url.endsWith('.mp3')).length;
const on = { engagementSound: true };

test('a page that may sound does so once, shortly, by itself', async ({ page, seen, shop }) => {
  await listen(page, true);
  await shop(on);
  await expect.poll(() => played(page)).toBe(1);
  const [[duration, channels]] = await page.evaluate(() => window.played);
  expect(duration).toBeLessThan(0.7);
  expect(channels).toBe(1);
  await page.mouse.click(300, 300);
  await page.keyboard.press('a');
  expect(await played(page)).toBe(1);
  expect(sounds(seen)).toBe(1);
});

test('a sound that is refused waits for the first gesture, and plays once', async ({ page, seen, shop }) => {
  await listen(page, false);
  const fetched = page.waitForResponse((r) => r.url().endsWith('.mp3'));
  await shop(on);
  await fetched;
  expect(await played(page)).toBe(0);
  await expect
    .poll(async () => {
      await page.mouse.click(300, 300);
      return played(page);
    })
    .toBe(1);
  await page.mouse.click(310, 300);
  await page.keyboard.press('a');
  expect(await played(page)).toBe(1);
  expect(seen.errors).toEqual([]);
});

test('every page sounds until the visitor has acted, then the browser session has heard it', async ({ page, chat, shop }) => {
  await listen(page, true);
  const { url } = await shop(on);
  await expect.poll(() => played(page)).toBe(1);
  await page.goto(`${url}/other`);
  await expect.poll(() => played(page)).toBe(1);
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  await chat.open();
  await page.keyboard.press('Escape');
  await page.goto(url);
  await chat.launcher.hover();
  await expect(chat.launcher).toHaveAttribute('aria-haspopup', 'dialog');
  expect(await played(page)).toBe(0);
});

test('a visitor turns the sound off for good', async ({ page, context, chat, seen, shop }) => {
  await listen(page, false);
  const { url } = await shop(on);
  const button = chat.panel.getByRole('button', { name: /sound/ });
  await chat.open();
  await expect.poll(() => played(page)).toBe(1);
  await expect(button).toHaveAccessibleName('Turn sound off');
  await button.click();
  await expect(button).toHaveAccessibleName('Turn sound on');
  // Another tab is another browser session; what is muted is remembered beyond it.
  const other = await context.newPage();
  await listen(other, true);
  const requests = [];
  other.on('request', (request) => requests.push(request.url()));
  await other.goto(`${url}/other`);
  await expect(other.getByRole('dialog')).toBeVisible();
  await expect(other.getByRole('button', { name: 'Turn sound on' })).toBeVisible();
  expect(requests.filter((url) => url.endsWith('.mp3'))).toEqual([]);
  await other.getByRole('button', { name: 'Turn sound on' }).click();
  await expect(other.getByRole('button', { name: 'Turn sound off' })).toBeVisible();
  await other.close();
});

test('without the option nothing of it is loaded or shown', async ({ page, chat, seen, shop }) => {
  await listen(page, true);
  await shop({});
  await chat.open();
  await expect(chat.panel.getByRole('button', { name: /sound/ })).toHaveCount(0);
  expect(sounds(seen)).toBe(0);
  expect(await played(page)).toBe(0);
});

test('browsers without Web Audio are silent and not disturbed', async ({ page, chat, shop, seen }) => {
  await page.addInitScript(() => delete window.AudioContext);
  await shop(on);
  await chat.open();
  expect(seen.errors).toEqual([]);
});

test('it sounds under a strict policy', async ({ natter, site, page, seen }) => {
  await listen(page, true);
  const { url } = await natter();
  const policy = `default-src 'none'; script-src 'self' 'nonce-n0nce' 'wasm-unsafe-eval'; style-src 'self'; connect-src ${url}; img-src ${url} data:`;
  const given = configured(url, on).replaceAll('<script', '<script nonce="n0nce"');
  const shop = await site({ '/': { html: given, headers: { 'Content-Security-Policy': policy } } });
  await page.goto(shop.url);
  await expect.poll(() => played(page)).toBe(1);
  expect(seen.errors).toEqual([]);
});

test('the file of the sound is small and known to browsers', async ({ natter }) => {
  const { url } = await natter();
  const loader = await (await fetch(`${url}/widget/chat-widget.js`)).text();
  const file = await fetch(`${url}/widget/widget-${/\b[\da-f]{16}\b/.exec(loader)[0]}.mp3`);
  expect(file.headers.get('content-type')).toBe('audio/mpeg');
  expect((await file.arrayBuffer()).byteLength).toBeLessThan(12 * 1024);
});
