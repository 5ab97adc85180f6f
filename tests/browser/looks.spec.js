// How it looks on a phone, and on the demo page. The chat's states are in states.spec.js.
import { violations } from './lib/axe.js';
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

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

test('the guide shows its pictures, with words for those who do not see them', async ({ natter, page, seen }) => {
  const { url } = await natter();
  for (const [name, pictures] of [['the-chat', 1], ['widget-options', 3]]) {
    await page.goto(`${url}/docs/${name}`);
    const shown = page.locator('main img');
    await expect(shown).toHaveCount(pictures);
    for (const picture of await shown.all()) {
      await expect(picture).toHaveAttribute('alt', /\w+ \w+/);
      await expect.poll(() => picture.evaluate((node) => node.naturalWidth)).toBeGreaterThan(0);
    }
    expect(await violations(page), name).toEqual([]);
  }
  expect(seen.errors).toEqual([]);
});
