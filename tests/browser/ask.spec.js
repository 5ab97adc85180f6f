// Asking and being answered: on the demo page without a model, and token by token with one.
import { expect, test } from './lib/test.js';
import { page as html, tag } from './lib/site.js';

test('a fresh installation answers on its demo page, with the source', async ({ natter, page, chat, shot }) => {
  const { url } = await natter();
  await page.goto(url);
  await expect(chat.launcher).toBeVisible();
  await shot('demo-page');
  await chat.open();
  await shot('panel-opened');
  await chat.ask('How do I put the widget on my page?');
  await expect(chat.answer).toContainText(/script/i);
  const source = chat.answer.getByRole('link').first();
  await expect(source).toHaveAttribute('href', /\/docs\//);
  await shot('answer-with-source');
  const target = new URL(await source.getAttribute('href'), url);
  expect((await fetch(target)).status, 'the source is there to be read').toBe(200);
});

test('tokens appear one by one, as the model writes them', async ({ natter, upstream, site, page, chat, shot }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Which tea?');
  const call = await upstream.call();
  let text = '';
  for (const token of ['Green', ' tea', ' is', ' **light**', '.']) {
    call.send(token);
    text += token;
    const shown = text.replaceAll('*', '');
    await expect(chat.answerText).toHaveText(shown);
    if (token === ' is') await shot('answer-growing');
  }
  await expect(chat.stopButton).toBeVisible();
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await expect(chat.answerText).toHaveText('Green tea is light.');
  await expect(chat.answerText.locator('strong')).toHaveText('light');
});

test('a second question is answered with the first in mind', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('One?');
  const first = await upstream.call();
  first.send('First.');
  first.finish();
  await expect(chat.answerText).toHaveText('First.');
  await expect(chat.stopButton).toBeHidden();
  await chat.ask('Two?');
  const second = await upstream.call();
  const told = second.request.messages.filter((m) => m.role !== 'system').map((m) => m.content);
  expect(told).toEqual(['One?', 'First.', 'Two?']);
  second.send('Second.');
  second.finish();
  await expect(chat.answerText).toHaveText('Second.');
  await expect(chat.answers).toHaveCount(2);
});

test('Markdown is drawn while it grows', async ({ natter, upstream, site, page, chat, shot }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  await chat.ask('Tell me everything');
  const call = await upstream.call();
  call.send('## Teas\n\n', '- green\n- black\n  - Assam\n\n', '1. boil\n2. pour\n\n');
  await expect(chat.answer.getByRole('heading', { name: 'Teas' })).toBeVisible();
  await expect(chat.answer.locator('ul li li')).toHaveText('Assam');
  call.send('```js\nconst cup = "tea";\n', 'drink(cup);\n```\n\n');
  await expect(chat.answer.locator('pre')).toContainText('drink(cup);');
  call.send('| tea | minutes |\n| --- | ---: |\n| green | 2 |\n| black | 4 |\n\n> Patience.\n\n');
  await expect(chat.answer.getByRole('cell', { name: 'black' })).toBeVisible();
  await expect(chat.answer.locator('blockquote')).toContainText('Patience.');
  call.send('See [the guide](https://example.com/tea) and `kettle`.');
  const link = chat.answer.getByRole('link', { name: 'the guide' });
  await expect(link).toHaveAttribute('href', 'https://example.com/tea');
  await expect(link).toHaveAttribute('target', '_blank');
  for (const word of ['noopener', 'nofollow', 'ugc']) {
    await expect(link).toHaveAttribute('rel', new RegExp(`\\b${word}\\b`));
  }
  call.finish();
  await expect(chat.stopButton).toBeHidden();
  await shot('answer-markdown');
});

test('a new conversation starts empty, and the old one is kept for the owner', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.goto(shop.url);
  await chat.open();
  for (const [question, answer] of [['Old?', 'Old.'], ['New?', 'New.']]) {
    await chat.ask(question);
    const call = await upstream.call();
    expect(call.request.messages.filter((m) => m.role === 'user')).toHaveLength(1);
    call.send(answer);
    call.finish();
    await expect(chat.answerText).toHaveText(answer);
    await expect(chat.stopButton).toBeHidden();
    if (question === 'Old?') {
      await chat.newButton.click();
      await expect(chat.questions).toHaveCount(0);
    }
  }
  await expect(chat.questions).toHaveCount(1);
  await expect.poll(async () => (await admin.conversations()).length).toBe(2);
});

test('the end of each answer stays in sight, however tall what it ends with', async ({ natter, upstream, site, page, chat }) => {
  const { url } = await natter(upstream.env);
  const shop = await site({ '/': html(tag(url)) });
  await page.setViewportSize({ width: 640, height: 400 });
  await page.goto(shop.url);
  await chat.open();
  for (let turn = 1; turn <= 8; turn += 1) {
    await chat.ask(`Question ${turn}`);
    const call = await upstream.call();
    call.send('It does: `code`, and\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\na\nb\nc\n```');
    call.finish();
    await expect(chat.answer.locator('.acts')).toBeInViewport();
    await expect(chat.panel.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
  }
});
