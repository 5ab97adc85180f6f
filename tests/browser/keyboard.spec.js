// Without a mouse, with an input method, and with assistive technology.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

test('everything can be done by keyboard, and Escape leads back to the button', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(chat.launcher).toBeFocused();
  await expect(chat.launcher).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  await expect(chat.input).toBeFocused();
  await expect(chat.launcher).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  const call = await upstream.call();
  call.send('Fine.');
  await expect(chat.answerText).toHaveText('Fine.');
  // Stop, without leaving the keyboard.
  for (let presses = 0; presses < 20; presses += 1) {
    if (await chat.stopButton.evaluate((b) => b.getRootNode().activeElement === b)) break;
    await page.keyboard.press('Tab');
  }
  await expect(chat.stopButton).toBeFocused();
  await page.keyboard.press('Enter');
  await call.closed;
  await expect(chat.stopButton).toBeHidden();
  await page.keyboard.press('Escape');
  await expect(chat.panel).toBeHidden();
  await expect(chat.launcher).toBeFocused();
  await expect(chat.launcher).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Space');
  await expect(chat.panel).toBeVisible();
  await expect(chat.input).toBeFocused();
});

test('Enter sends, Shift+Enter breaks the line', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await page.keyboard.type('One');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await expect(chat.input).toHaveValue('One\ntwo');
  await expect(chat.questions).toHaveCount(0);
  await page.keyboard.press('Enter');
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('One\ntwo');
  await expect(chat.input).toHaveValue('');
  call.send('Ok.');
  call.finish();
  await expect(chat.answerText).toHaveText('Ok.');
});

test('white space alone is not sent', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await page.keyboard.type('   ');
  await page.keyboard.press('Enter');
  await chat.ask('Words');
  await expect(chat.questions).toHaveCount(1);
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('Words');
});

test('Enter that ends a composition does not send', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  const composing = page.evaluate(
    () =>
      new Promise((seen) =>
        addEventListener('keydown', (e) => seen(e.isComposing || e.keyCode === 229), { capture: true, once: true })),
  );
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
  await expect(chat.input).toHaveValue('にほ');
  await protocol.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 });
  expect(await composing, 'the browser took it for a part of the composition').toBe(true);
  await protocol.send('Input.insertText', { text: '日本' });
  await expect(chat.input).toHaveValue('日本');
  await expect(chat.questions).toHaveCount(0);
  await page.keyboard.press('Enter');
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('日本');
  await expect(chat.questions).toHaveCount(1);
});

test('a script that opens the chat does not steal the focus', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(`<input id="name" aria-label="Name" autofocus>${tag(url)}`) });
  await page.goto(shop.url);
  await expect(chat.launcher).toBeVisible();
  await page.locator('#name').focus();
  await page.evaluate(() => window.ChatWidget.open());
  await expect(chat.panel).toBeVisible();
  await expect(chat.input).toBeEnabled();
  await expect(page.locator('#name')).toBeFocused();
});

test('finished sentences, not tokens, are announced', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await expect(chat.log).toHaveAttribute('aria-live', 'off');
  await chat.ask('Say');
  const call = await upstream.call();
  const status = chat.panel.getByRole('status');
  call.send('This is one sentence. And this is');
  await expect(status).toContainText('This is one sentence.');
  await expect(status).not.toContainText('And this is', { timeout: 1 });
  call.send(' another.');
  call.finish();
  await expect(status).toContainText('And this is another.');
});

/** Runs axe on the whole page, by the debugger: no policy of the page stands in the way. */
async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.flat().join(' ')).join('; ')}`);
  });
}

const states = [
  { name: 'light', use: { colorScheme: 'light' }, theme: 'light' },
  { name: 'dark', use: { colorScheme: 'dark' }, theme: 'dark' },
  { name: 'phone', use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, theme: 'light' },
  { name: 'phone-dark', use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, theme: 'dark' },
  { name: 'narrow', use: { viewport: { width: 320, height: 640 } }, theme: 'light' },
];

for (const { name, use, theme } of states) {
  test.describe(name, () => {
    test.use(use);
    test(`axe finds nothing wrong: ${name}`, async ({ natter, upstream, site, page, chat, shot }) => {
      const { url } = await natter(upstream.env);
      const shop = await site({ '/': `<!doctype html><html lang="en"><head><title>A shop</title><meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>A shop</h1><p>Teapots and cups.</p></main>${tag(url, { theme })}</body></html>` });
      await page.goto(shop.url);
      await expect(chat.launcher).toBeVisible();
      expect(await violations(page), 'closed').toEqual([]);
      await chat.open();
      await shot(`${name}-empty`);
      expect(await violations(page), 'open, empty').toEqual([]);
      await chat.ask('Tell me about tea, please.');
      const call = await upstream.call();
      call.send('# Tea\n\nGreen **tea** is _light_; see [the guide](https://example.com).\n\n');
      call.send('- two minutes\n- `80 °C`\n\n```sh\nbrew --green --gentle --with-a-rather-long-line-of-code\n```\n\n');
      call.send('| tea | minutes |\n| --- | --- |\n| green | 2 |\n\n> Patience.');
      await expect(chat.answer.locator('blockquote')).toBeVisible();
      expect(await violations(page), 'answering').toEqual([]);
      call.finish();
      await expect(chat.stopButton).toBeHidden();
      expect(await violations(page), 'answered').toEqual([]);
      await shot(`${name}-answer`);
      await chat.ask('And this?');
      (await upstream.call()).refuse(400);
      await expect(chat.retryButton).toBeVisible();
      expect(await violations(page), 'failed').toEqual([]);
      await shot(`${name}-failed`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing to scroll sideways').toBe(true);
    });
  });
}

test.describe('phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('on a phone the chat fills the screen and keeps the focus', async ({ natter, upstream, site, page, chat }) => {
    const { url } = await natter(upstream.env);
    const shop = await site({ '/': html(`<a href="#x" id="before">Link</a>${tag(url)}`) });
    await page.goto(shop.url);
    await chat.launcher.tap();
    await expect(chat.input).toBeEnabled();
    await expect.poll(async () => {
      const { x, y, width, height } = await chat.panel.boundingBox();
      return [x, y, width, height].map(Math.round);
    }).toEqual([0, 0, 390, 844]);
    const size = await chat.input.evaluate((input) => parseFloat(getComputedStyle(input).fontSize));
    expect(size, 'smaller makes iOS zoom in').toBeGreaterThanOrEqual(16);
    for (let presses = 0; presses < 15; presses += 1) {
      await page.keyboard.press('Tab');
      await expect(page.locator('#before')).not.toBeFocused({ timeout: 1 });
    }
    await chat.closeButton.first().tap();
    await expect(chat.panel).toBeHidden();
    await expect(chat.launcher).toBeVisible();
  });
});

test('the demo page is accessible and keeps to its policy', async ({ natter, page, chat, seen, shot }) => {
  const { url } = await natter();
  const answer = await page.goto(url);
  expect(answer.headers()['content-security-policy']).toContain("default-src 'none'");
  await chat.open();
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await violations(page), 'in the dark').toEqual([]);
  await shot('demo-page-dark');
  expect(seen.errors).toEqual([]);
});
