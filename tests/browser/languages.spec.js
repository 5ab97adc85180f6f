// Every language there is, and nothing but that language.
import { readFileSync, readdirSync } from 'node:fs';
import { configured, expect, test } from './lib/shop.js';
import { page as html, tag } from './lib/site.js';

const folder = new URL('../../assets/locales/', import.meta.url);
const catalogues = Object.fromEntries(
  readdirSync(folder).map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(new URL(name, folder)))]),
);

/** A catalogue's texts as patterns: a number may stand where `{n}` does. */
const patterns = (catalogue) =>
  Object.values(catalogue)
    .flatMap((text) => (typeof text === 'string' ? [text] : Object.values(text)))
    .map((text) => new RegExp(`^${text.split('{n}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\p{N}\\p{P}]+')}$`, 'u'));

/** All that the widget says: texts, and what stands in attributes for those who do not see it. */
const said = (page) =>
  page.evaluate(() => {
    const found = new Set();
    const root = document.querySelector('natter-widget').shadowRoot;
    const all = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    while (all.nextNode()) {
      const node = all.currentNode;
      const text = node.nodeType === Node.TEXT_NODE;
      // Dates and times are the browser's own words.
      if ((text ? node.parentNode : node).closest?.('time, .day')) continue;
      if (text) found.add(node.data);
      else for (const name of ['aria-label', 'title', 'placeholder', 'alt']) found.add(node.getAttribute(name) ?? '');
    }
    return [...found].map((text) => text.trim()).filter(Boolean);
  });

/** What the test itself, the visitor and the model say, and what has no language. */
const OTHERS = /^(?:Hi|Tea.*|a|b|!\[\].*|Why\?|Shop|✓|[\p{N}\p{P}\s+:]+)$/u;

for (const [tag, catalogue] of Object.entries(catalogues)) {
  test(`it says everything in ${tag}: ${catalogue.name}`, async ({ page, chat, upstream, shop, shot }) => {
    const known = patterns(catalogue);
    const strange = async () =>
      (await said(page)).filter((text) => !OTHERS.test(text) && !known.some((pattern) => pattern.test(text)));
    await shop({ locale: tag, engagementPrompts: ['Why?'], engagementSound: true, suggestedQuestions: ['Why?'], title: 'Shop', privacyPolicyUrl: 'https://example.com/p', termsOfServiceUrl: 'https://example.com/t' });
    await expect(chat.launcher).toHaveAccessibleName(catalogue.open);
    await chat.open();
    await expect(chat.input).toHaveAttribute('placeholder', catalogue.placeholder);
    expect(await strange(), 'empty').toEqual([]);
    const root = page.locator('.nt');
    await expect(root).toHaveAttribute('lang', tag);
    await expect(root).toHaveAttribute('dir', ['ar', 'fa', 'he'].includes(tag) ? 'rtl' : 'ltr');
    await chat.input.fill('Hi');
    await chat.input.press('Enter');
    const call = await upstream.call();
    await expect(chat.answer.locator('.waiting')).toContainText(catalogue.writing);
    expect(await strange(), 'waiting').toEqual([]);
    call.send('Tea\n\n- [x] a\n- [ ] b\n\n```\na\n```\n\n|a|b|\n|-|-|\n|a|b|\n\n![](https://example.com/i.png)');
    call.finish();
    await expect(chat.answer.locator('.acts')).toBeVisible();
    expect(await strange(), 'answered').toEqual([]);
    await chat.input.fill('Yo'.padEnd(3901, 'o'));
    expect(await strange(), 'the counter').toEqual([]);
    await chat.input.fill('Hi');
    await chat.input.press('Enter');
    (await upstream.call()).refuse(400);
    await expect(chat.answer.locator('.failed')).toContainText(catalogue.failed);
    expect(await strange(), 'failed').toEqual([]);
    await shot(`language-${tag}`);
    const rules = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(catalogue)) {
      if (typeof text !== 'string') expect(rules.filter((form) => !text[form]), `${key} has every form`).toEqual([]);
    }
  });
}

test('only the language that is spoken is downloaded', async ({ shop, chat, seen }) => {
  await shop({ locale: 'de' });
  await chat.open();
  await expect(chat.panel).toContainText(catalogues.de.welcome);
  const files = seen.requests.filter((url) => /\/text-[\w-]+\.json/.test(url)).map((url) => /text-(\w+)/.exec(url)[1]);
  expect(new Set(files)).toEqual(new Set(['de']));
});

test('a page can say every text in its own words', async ({ page, chat, upstream, shop }) => {
  await shop({ locale: 'de', strings: { open: 'Frag Ada', close: 'Tschüs', welcome: 'Moin!', charactersLeft: 'noch {n}' } });
  await expect(chat.launcher).toHaveAccessibleName('Frag Ada');
  await chat.open();
  await expect(chat.panel).toContainText('Moin!');
  await expect(chat.launcher).toHaveAccessibleName('Tschüs');
  await expect(chat.input).toHaveAttribute('placeholder', catalogues.de.placeholder);
  await chat.input.fill('x'.repeat(3999));
  await expect(chat.panel.locator('.left')).toHaveText('noch 1');
});

test('the page’s option goes before the key’s language, that before the page’s, that before the browser’s', async ({ natter, site, browser }) => {
  const { url, admin } = await natter();
  const french = await admin.licenseKey({ ui: { locale: 'fr' } });
  const plain = await admin.licenseKey();
  const of = (key, config, lang) =>
    html(`<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify(config)}</script>${tag(url, { 'api-key': key.key })}`).replace('lang="en"', lang);
  const shop = await site({
    '/option': of(french, { locale: 'de' }, 'lang="es"'),
    '/key': of(french, {}, 'lang="es"'),
    '/page': of(plain, {}, 'lang="pt-BR"'),
    '/browser': of(plain, {}, ''),
    '/unknown': of(plain, {}, 'lang="tlh"'),
  });
  const context = await browser.newContext({ locale: 'ja-JP' });
  const page = await context.newPage();
  for (const [path, locale] of [['option', 'de'], ['key', 'fr'], ['page', 'pt'], ['browser', 'ja'], ['unknown', 'en']]) {
    await page.goto(`${shop.url}/${path}`);
    await expect(page.locator('button[aria-expanded]'), path).toHaveAccessibleName(catalogues[locale].open);
  }
  await context.close();
});

test('without the server it speaks English', async ({ natter, cable, site, page, chat }) => {
  const server = await natter();
  const line = await cable(server.port);
  const given = `<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify({ apiUrl: line.url, locale: 'de' })}</script>`;
  const shop = await site({ '/': html(given + tag(server.url)) });
  line.cut();
  await page.goto(shop.url);
  await chat.launcher.click();
  await expect(chat.panel).toContainText(catalogues.en.unreachable);
  await expect(chat.launcher).toHaveAccessibleName(catalogues.en.close);
});
