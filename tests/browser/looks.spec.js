// How it looks to everybody: axe on every state, light and dark, on phones and narrow screens.
import { violations } from './lib/axe.js';
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

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
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(wide, 'the page does not scroll sideways').toBe(false);
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
