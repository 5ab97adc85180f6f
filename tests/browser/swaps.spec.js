// Pages that change without being loaded: the chat goes on, whatever mechanism does it. No
// frameworks: each page does by hand what its framework does to the document.
import { page as html, tag } from './lib/site.js';
import { expect, test } from './lib/test.js';

const next = '<main id="main"><h1>Next page</h1><p>Cups.</p></main>';

/** Parsed scripts do not run; written anew they do. */
const revive = `function revive(body) {
  for (const old of body.querySelectorAll('script')) {
    const script = document.createElement('script');
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
}`;

/** Like Turbo Drive: another body in place of the old one, whose scripts run again. */
const turbo = `${revive}
async function go(url) {
  const text = await (await fetch(url)).text();
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  revive(fresh.body);
  document.head.querySelectorAll('title').forEach((title) => title.remove());
  document.head.append(...fresh.head.querySelectorAll('title'));
  document.body.replaceWith(document.adoptNode(fresh.body));
  history.pushState({}, '', url);
}`;

/** Like Astro's client router: the root's attributes, the head and the body are swapped. */
const astro = `${revive}
async function go(url) {
  const text = await (await fetch(url)).text();
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  const root = document.documentElement;
  for (const { name } of [...root.attributes]) root.removeAttribute(name);
  for (const { name, value } of fresh.documentElement.attributes) root.setAttribute(name, value);
  document.head.replaceChildren(...fresh.head.children);
  document.body.replaceWith(fresh.body);
  revive(document.body);
  history.pushState({}, '', url);
}`;

/** Like an htmx boost: the body keeps its place, its content is written anew. */
const htmx = `async function go(url) {
  const text = await (await fetch(url)).text();
  document.body.innerHTML = new DOMParser().parseFromString(text, 'text/html').body.innerHTML;
  history.pushState({}, '', url);
}`;

/** Like a framework that draws the whole document itself, and throws away what it does not know. */
const whole = `async function go(url) {
  const text = await (await fetch(url)).text();
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  document.documentElement.replaceWith(document.adoptNode(fresh.documentElement));
  history.pushState({}, '', url);
}`;

for (const [name, swap] of Object.entries({ turbo, astro, htmx, whole })) {
  test(`a ${name}-like swap leaves the running answer, the draft and the one chat alone`, async ({ natter, upstream, site, page, chat, seen }) => {
    const { url } = await natter(upstream.env);
    const around = (body) => html(body + tag(url), `<script>${swap}</script>`);
    const shop = await site({ '/': around('<main id="main">First page</main>'), '/next': around(next), '/third': around('<h1>Third</h1>') });
    await page.goto(shop.url);
    await chat.open();
    await chat.ask('Do you stay?');
    const call = await upstream.call();
    call.send('I ');
    await expect(chat.answerText).toHaveText('I');
    await chat.input.fill('And then');
    for (const path of ['/next', '/third']) {
      await page.evaluate((path) => go(path), path);
      await expect(page).toHaveURL(shop.url + path);
    }
    await expect(page.getByRole('heading', { name: 'Third' })).toBeVisible();
    await expect(chat.panel, 'open as before').toBeVisible();
    await expect(chat.input).toHaveValue('And then');
    call.send('stay.');
    call.finish();
    await expect(chat.answerText).toHaveText('I stay.');
    await expect(chat.stopButton).toBeHidden();
    await expect(page.locator('natter-widget')).toHaveCount(1);
    await expect(chat.launcher).toHaveCount(1);
    await chat.closeButton.click();
    await expect(chat.panel).toBeHidden();
    expect(seen.requests.filter((one) => one.endsWith('/session')), 'one session').toHaveLength(1);
  });

  test(`a ${name}-like swap before the chat is used keeps the button`, async ({ natter, upstream, site, page, chat }) => {
    const { url } = await natter(upstream.env);
    const around = (body) => html(body + tag(url), `<script>${swap}</script>`);
    const shop = await site({ '/': around('First'), '/next': around(next) });
    await page.goto(shop.url);
    await expect(chat.launcher).toBeVisible();
    await page.evaluate(() => go('/next'));
    await expect(page.getByRole('heading', { name: 'Next page' })).toBeVisible();
    await chat.open();
    await expect(chat.launcher).toHaveCount(1);
  });
}

test('a chat in the body takes up its conversation on the next body', async ({ natter, upstream, site, page }) => {
  const { url } = await natter(upstream.env);
  const element = '<natter-chat></natter-chat>';
  const script = tag(url, { 'hide-launcher': 'true' });
  const around = (body) => html(body + script, `<script>${turbo}</script>`);
  const shop = await site({ '/': around(element), '/next': around(`<h1>Next page</h1>${element}`) });
  await page.goto(shop.url);
  const input = page.locator('natter-chat textarea');
  await input.fill('Do you stay?');
  await input.press('Enter');
  const call = await upstream.call();
  call.send('I ');
  const answer = page.locator('natter-chat .row.bot .body');
  await expect(answer).toHaveText('I');
  await page.evaluate(() => go('/next'));
  await expect(page.getByRole('heading', { name: 'Next page' })).toBeVisible();
  call.send('stay.');
  call.finish();
  await expect(answer).toHaveText('I stay.');
  await expect(page.locator('natter-chat .row.you')).toHaveCount(1);
});
