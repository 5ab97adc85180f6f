// The bubble beside the button: when it appears, what it offers, and how it is sent away.
import { configured, expect, test } from './lib/shop.js';
import { tag } from './lib/site.js';
import { violations } from './lib/axe.js';

const two = ['Looking for a teapot?', 'Shipping is free today.'];

/** The bubble as a visitor meets it. */
class Prompts {
  constructor(page) {
    this.root = page.locator('.bubble');
    this.prompt = this.root.locator('.prompt');
    this.dismiss = this.root.getByRole('button', { name: 'Dismiss' });
    this.said = page.locator('.nt > [role="status"]');
  }
}

test('prompts take turns, and wait for whoever points at or stands on them', async ({ page, chat, shop }) => {
  await page.clock.install();
  await shop({ engagementPrompts: two, engagementPromptRotateSeconds: 10 });
  const prompts = new Prompts(page);
  await expect(prompts.prompt).toHaveText(two[0]);
  await expect(prompts.said).toHaveText(two[0]);
  await page.clock.runFor(10_500);
  await expect(prompts.prompt).toHaveText(two[1]);
  await page.clock.runFor(10_500);
  await expect(prompts.prompt).toHaveText(two[0]);
  await prompts.prompt.hover();
  await page.clock.runFor(25_000);
  await expect(prompts.prompt).toHaveText(two[0]);
  await page.mouse.move(5, 5);
  await page.clock.runFor(10_500);
  await expect(prompts.prompt).toHaveText(two[1]);
  await prompts.dismiss.focus();
  await page.clock.runFor(25_000);
  await expect(prompts.prompt).toHaveText(two[1]);
  await page.evaluate(() => document.activeElement.blur());
  await page.clock.runFor(10_500);
  await expect(prompts.prompt).toHaveText(two[0]);
  await expect(prompts.said, 'read out once').toHaveText(two[0]);
});

test('a random prompt stays the one that it is', async ({ page, shop }) => {
  await page.clock.install();
  await shop({ engagementPrompts: two, engagementPromptMode: 'random', engagementPromptRotateSeconds: 1 });
  const prompts = new Prompts(page);
  await expect(prompts.root).toBeVisible();
  const first = await prompts.prompt.textContent();
  expect(two).toContain(first);
  await page.clock.runFor(20_000);
  await expect(prompts.prompt).toHaveText(first);
});

test('a random prompt is picked anew with each page', async ({ page, shop }) => {
  await shop({ engagementPrompts: two, engagementPromptMode: 'random' });
  const prompts = new Prompts(page);
  await expect
    .poll(async () => {
      await page.reload();
      return prompts.prompt.textContent();
    })
    .toBe(two[1]);
});

test('without prompts there is no bubble, and nothing starts before it is wanted', async ({ page, chat, seen, shop }) => {
  const fetched = page.waitForResponse((r) => r.url().endsWith('.wasm'));
  await shop({});
  const prompts = new Prompts(page);
  await fetched;
  await expect(prompts.root).toHaveCount(0);
  await chat.open();
  await expect(prompts.root).toHaveCount(0);
});

test('a prompt shows itself without stealing the focus or moving the page', async ({ page, chat, shop }) => {
  await shop({ engagementPrompts: two }, '<input id="field" autofocus><p style="height:2000px"></p>');
  const prompts = new Prompts(page);
  const before = await page.evaluate(() => {
    window.shifts = 0;
    new PerformanceObserver((list) => (window.shifts += list.getEntries().length)).observe({ type: 'layout-shift', buffered: true });
    return [document.documentElement.scrollWidth, document.documentElement.scrollHeight];
  });
  await expect(prompts.root).toBeVisible();
  await expect(page.locator('#field')).toBeFocused();
  expect(await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight])).toEqual(before);
  expect(await page.evaluate(() => window.shifts)).toBe(0);
  expect(await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)]), 'showing is no act of the visitor').toEqual([[], []]);
});

test('a click opens the chat with the prompt as a draft, and hides the bubble meanwhile', async ({ page, chat, shop }) => {
  await shop({ engagementPrompts: [two[0]] });
  const prompts = new Prompts(page);
  await prompts.prompt.click();
  await expect(chat.panel).toBeVisible();
  await expect(chat.input).toHaveValue(two[0]);
  await expect(chat.input).toBeFocused();
  await expect(prompts.root).toBeHidden();
  await expect(chat.sendButton).toHaveAttribute('aria-disabled', 'false');
  await chat.closeButton.click();
  await expect(prompts.root).toBeVisible();
});

test('a draft that the visitor has begun is left alone', async ({ page, chat, shop }) => {
  await shop({ engagementPrompts: [two[0]] });
  const prompts = new Prompts(page);
  await chat.open();
  await chat.input.fill('My own words');
  await page.keyboard.press('Escape');
  await prompts.prompt.click();
  await expect(chat.input).toHaveValue('My own words');
});

test('the cross sends the prompts away for the browser session', async ({ page, chat, context, shop }) => {
  const { url } = await shop({ engagementPrompts: two });
  const prompts = new Prompts(page);
  await prompts.dismiss.click();
  await expect(prompts.root).toBeHidden();
  await page.goto(`${url}/other`);
  await chat.launcher.hover();
  await expect(chat.launcher).toHaveAttribute('aria-haspopup', 'dialog');
  await expect(prompts.root).toBeHidden();
  // Another tab is another browser session.
  const other = await context.newPage();
  await other.goto(url);
  await expect(new Prompts(other).root).toBeVisible();
});

test('with storage blocked a dismissal holds until the page goes', async ({ natter, site, page }) => {
  const { url } = await natter();
  const shop = await site({
    '/': '<!doctype html><title>Frame</title><iframe sandbox="allow-scripts" src="/shop" width="900" height="700"></iframe>',
    '/shop': configured(url, { engagementPrompts: two }),
  });
  await page.goto(shop.url);
  const prompts = new Prompts(page.frameLocator('iframe'));
  await prompts.dismiss.click();
  await expect(prompts.root).toBeHidden();
});

test('by keyboard the bubble follows the button, Enter takes a prompt and Escape sends it away', async ({ page, chat, shop }) => {
  await shop({ engagementPrompts: [two[0]] });
  const prompts = new Prompts(page);
  await expect(prompts.root).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(chat.launcher).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(prompts.prompt).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(chat.input).toHaveValue(two[0]);
  await page.keyboard.press('Escape');
  await expect(chat.launcher).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(prompts.dismiss).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(prompts.root).toBeHidden();
  await expect(chat.launcher).toBeFocused();
  await expect(chat.panel).toBeHidden();
});

test('patterns decide on which pages prompts appear, also as the page moves on by itself', async ({ page, shop }) => {
  const rules = { urlPatterns: ['/tea/*', '*?sale=yes'] };
  await shop({ engagementPrompts: two, engagementRules: rules });
  const prompts = new Prompts(page);
  const go = (address) => page.evaluate((address) => history.pushState(null, '', address), address);
  await go('/tea/green#top');
  await expect(prompts.root).toBeVisible();
  await go('/coffee');
  await expect(prompts.root).toBeHidden();
  await go('/coffee?sale=yes');
  await expect(prompts.root).toBeVisible();
  await page.goBack();
  await expect(prompts.root).toBeHidden();
  await page.goBack();
  await expect(prompts.root).toBeVisible();
});

test('browsers without the Navigation API notice another address too', async ({ page, shop }) => {
  await page.addInitScript(() => Object.defineProperty(window, 'navigation', { value: undefined }));
  await shop({ engagementPrompts: two, engagementRules: { urlPatterns: ['/tea'] } });
  const prompts = new Prompts(page);
  await page.evaluate(() => history.pushState(null, '', '/tea'));
  await expect(prompts.root).toBeVisible();
  await page.evaluate(() => history.pushState(null, '', '/'));
  await expect(prompts.root).toBeHidden();
});

test('a delay is waited for', async ({ page, chat, shop }) => {
  await page.clock.install();
  await shop({ engagementPrompts: two, engagementRules: { delaySeconds: 60 } });
  const prompts = new Prompts(page);
  await expect(chat.launcher).toHaveAttribute('aria-haspopup', 'dialog');
  await page.clock.runFor(30_000);
  await expect(prompts.root).toBeHidden();
  await page.clock.runFor(31_000);
  await expect(prompts.root).toBeVisible();
});

test('a prompt can wait until the visitor has scrolled that far', async ({ page, shop }) => {
  await shop({ engagementPrompts: two, engagementRules: { scrollPercent: 50 } }, '<p style="height:3000px">Long</p>');
  const prompts = new Prompts(page);
  await expect(prompts.root).toBeAttached();
  await page.evaluate(() => scrollTo(0, 500));
  await expect(prompts.root).toBeHidden();
  await page.evaluate(() => scrollTo(0, 2000));
  await expect(prompts.root).toBeVisible();
  await page.evaluate(() => scrollTo(0, 0));
  await expect(prompts.root).toBeVisible();
});

test('a page that does not scroll counts as scrolled', async ({ page, shop }) => {
  await shop({ engagementPrompts: two, engagementRules: { scrollPercent: 100 } });
  const prompts = new Prompts(page);
  await expect(prompts.root).toBeVisible();
});

test('a prompt can wait until the pointer leaves upwards', async ({ page, shop }) => {
  await shop({ engagementPrompts: two, engagementRules: { exitIntent: true } });
  const prompts = new Prompts(page);
  await expect(prompts.root).toBeAttached();
  const leave = (clientY) => page.evaluate((clientY) => document.body.dispatchEvent(new MouseEvent('mouseout', { bubbles: true, clientY })), clientY);
  await leave(300);
  await expect(prompts.root).toBeHidden();
  await leave(-3);
  await expect(prompts.root).toBeVisible();
});

test('with reduced motion prompts take turns without fading', async ({ page, shop }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.install();
  await shop({ engagementPrompts: two });
  const prompts = new Prompts(page);
  await expect(prompts.prompt).toHaveText(two[0]);
  await page.evaluate(() => {
    window.faded = 0;
    const bubble = document.querySelector('natter-widget').shadowRoot.querySelector('.bubble');
    new MutationObserver(() => (window.faded += 1)).observe(bubble, { attributeFilter: ['class'] });
  });
  await page.clock.runFor(5100);
  await expect(prompts.prompt).toHaveText(two[1]);
  expect(await page.evaluate(() => document.querySelector('natter-widget').shadowRoot.querySelector('.bubble').className)).toBe('bubble');
  expect(await prompts.prompt.evaluate((node) => getComputedStyle(node).transitionDuration)).toBe('0s');
});

test('a prompt is text, whatever it looks like', async ({ page, shop }) => {
  const nasty = '<img src=x onerror="window.hurt = 1"> & more';
  await shop({ engagementPrompts: [nasty] });
  const prompts = new Prompts(page);
  await expect(prompts.prompt).toHaveText(nasty);
  expect(await page.evaluate(() => window.hurt)).toBeUndefined();
});

const long = 'Good day! We have just opened our new tea room by the river, with more than two hundred kinds of tea from small gardens, fresh cakes and a quiet library; shall I reserve a table near a window for you?'.slice(0, 200);

test('the bubble is clear of the button and of the edges, in every size', async ({ natter, site, page, chat }) => {
  const { url } = await natter();
  const sizes = [40, 70, 140];
  const pages = {};
  for (const position of ['left', 'right']) for (const openerSize of sizes) for (const text of [two[0], long]) {
    pages[`/${position}/${openerSize}/${text.length}`] = configured(url, { engagementPrompts: [text], position, openerSize, marginBottom: 24 });
  }
  const shop = await site(pages);
  const { root } = new Prompts(page);
  for (const width of [320, 360, 1280]) {
    await page.setViewportSize({ width, height: 700 });
    for (const path of Object.keys(pages)) {
      await page.goto(shop.url + path);
      const bubble = await root.locator('.talk').boundingBox();
      const button = await chat.launcher.boundingBox();
      const apart = bubble.x + bubble.width <= button.x || bubble.x >= button.x + button.width || bubble.y + bubble.height <= button.y;
      expect(apart, `${width} ${path}`).toBe(true);
      expect([bubble.x >= 8, bubble.y >= 8, bubble.x + bubble.width <= width - 8], `${width} ${path}`).toEqual([true, true, true]);
    }
  }
});

for (const [name, config, size, lang] of [
  ['right', {}, 1280, 'en'],
  ['left-dark', { position: 'left', theme: 'dark' }, 1280, 'en'],
  ['long', { engagementPrompts: [long] }, 1280, 'en'],
  ['phone', { engagementPrompts: [long] }, 360, 'en'],
  ['phone-dark-short', { theme: 'dark', position: 'left' }, 360, 'en'],
  ['arabic', { engagementPrompts: ['هل تبحث عن إبريق شاي؟ الشحن مجاني اليوم على جميع الطلبات.'] }, 1280, 'ar'],
]) {
  test(`the bubble is accessible: ${name}`, async ({ natter, site, page, shot }) => {
    const { url } = await natter();
    await page.setViewportSize({ width: size, height: size === 360 ? 740 : 800 });
    const shop = await site({ '/': `<!doctype html><html lang="${lang}" dir="${lang === 'ar' ? 'rtl' : 'ltr'}"><head><title>A shop</title><meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>A shop</h1><p>Teapots and cups.</p></main><script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify({ engagementPrompts: two, ...config })}</script>${tag(url)}</body></html>` });
    await page.goto(shop.url);
    await expect(new Prompts(page).root).toBeVisible();
    await shot(`bubble-${name}`);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ forcedColors: 'active' });
    await shot(`bubble-${name}-forced`);
  });
}
