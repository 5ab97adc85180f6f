// What a visitor is asked before the first message.
import { createHmac } from 'node:crypto';
import { configured, expect, test } from './lib/shop.js';
import { flaws } from './lib/axe.js';
import { page as html, tag } from './lib/site.js';
import { sessions } from './lib/sessions.js';

const fields = [
  { name: 'name', required: true },
  { name: 'email', type: 'email', required: true },
  { name: 'topic', label: 'What is it about?', type: 'choice', options: ['Tea', 'Cups'] },
];
const asking = (more = {}) => ({ preChatForm: { enabled: true, fields }, ...more });

const parts = (chat) => ({
  name: chat.panel.getByRole('textbox', { name: 'Name' }),
  email: chat.panel.getByRole('textbox', { name: 'E-mail' }),
  topic: chat.panel.getByRole('combobox', { name: 'What is it about? (optional)' }),
  start: chat.panel.getByRole('button', { name: 'Start chat' }),
  composer: chat.panel.getByRole('textbox', { name: 'Message' }),
});

const openForm = async (chat) => {
  await chat.launcher.click();
  await expect(parts(chat).name).toBeFocused();
};

test('the form stands before the chat until it is filled in, and goes with the next session', async ({ page, chat, upstream, shop }) => {
  const { url } = await shop(asking());
  const opened = sessions(page);
  await page.evaluate(() => ChatWidget.on('lead:captured', (detail) => (window.lead = detail)));
  await openForm(chat);
  const { name, email, topic, start, composer } = parts(chat);
  await expect(composer).toBeHidden();
  await expect(name).toHaveAttribute('aria-required', 'true');
  expect(await page.evaluate(() => window.lead)).toBeUndefined();
  await name.fill(' Ada ');
  await email.fill('ada@example.com');
  await topic.selectOption('Cups');
  await start.click();
  await expect(composer).toBeFocused();
  await expect(start).toBeHidden();
  const lead = { name: 'Ada', email: 'ada@example.com', fields: { topic: 'Cups' } };
  await expect.poll(() => page.evaluate(() => window.lead), 'the server has taken it').toEqual(lead);
  expect(opened.map((body) => body.lead)).toEqual([undefined, lead]);
  await chat.ask('Hi');
  (await upstream.call()).finish();
  await page.goto(`${url}/other`);
  await expect(composer, 'asked once').toBeVisible();
  await expect(start).toBeHidden();
});

test('what is wrong is said at its field, and the first such field has the focus', async ({ page, chat, shop }) => {
  await shop(asking());
  const opened = sessions(page);
  await openForm(chat);
  const { name, email, start } = parts(chat);
  await email.fill('ada@example');
  await email.press('Enter');
  await expect(name).toBeFocused();
  await expect(name).toHaveAccessibleDescription('Please fill in this field.');
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await expect(email).toHaveAccessibleDescription(/such as ada@example.com/);
  await name.fill('Ada');
  await start.click();
  await expect(email).toBeFocused();
  await expect(name).toHaveAccessibleDescription('');
  expect(opened.filter((body) => body.lead)).toEqual([]);
});

test('a message of the page’s waits until the form is filled in', async ({ page, chat, upstream, shop }) => {
  await shop(asking());
  await page.evaluate(() => ChatWidget.send('From the page'));
  const { name, email, start } = parts(chat);
  await expect(name).toBeVisible();
  await expect(chat.questions).toHaveCount(0);
  await name.fill('Ada');
  await email.fill('ada@example.com');
  await start.click();
  await expect(chat.questions).toHaveText(['From the page']);
  const call = await upstream.call();
  expect(call.request.messages.at(-1).content).toBe('From the page');
  call.finish();
});

test('somebody whom the site has named with proof is not asked', async ({ natter, upstream, site, page, chat }) => {
  const { url, admin } = await natter(upstream.env);
  const { key, secret } = await admin.licenseKey({ ui: { preChatForm: { enabled: true, fields: [] } } });
  const userHash = createHmac('sha256', secret).update('ada').digest('hex');
  const identity = `<script>window.CHAT_WIDGET_CONFIG = ${JSON.stringify({ identity: { userId: 'ada', userHash } })}</script>`;
  const shop = await site({ '/': html(identity + tag(url, { 'api-key': key })), '/guest': html(tag(url, { 'api-key': key })) });
  await page.goto(shop.url);
  await chat.open();
  await expect(parts(chat).composer).toBeVisible();
  await expect(parts(chat).start).toBeHidden();
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${shop.url}/guest`);
  await chat.launcher.click();
  await expect(parts(chat).name, 'name and e-mail, when the key names no fields').toBeVisible();
  await expect(parts(chat).email).toBeVisible();
});

test('answers that the server could not be told are told later', async ({ natter, cable, upstream, site, page, chat }) => {
  const server = await natter(upstream.env);
  const line = await cable(server.port);
  const shop = await site({ '/': configured(server.url, asking({ apiUrl: line.url })) });
  await page.goto(shop.url);
  await page.evaluate(() => ChatWidget.on('lead:captured', (detail) => (window.lead = detail)));
  await openForm(chat);
  const { name, email, start } = parts(chat);
  await name.fill('Ada');
  await email.fill('ada@example.com');
  line.cut();
  await start.click();
  await line.refused();
  expect(await page.evaluate(() => window.lead)).toBeUndefined();
  line.mend();
  await chat.ask('Hi');
  (await upstream.call()).finish();
  await expect.poll(() => page.evaluate(() => window.lead?.name)).toBe('Ada');
});

for (const [name, use, config] of [
  ['narrow', { viewport: { width: 320, height: 480 } }, {}],
  ['arabic', {}, { locale: 'ar' }],
]) {
  test.describe(name, () => {
    test.use(use);
    test(`the form is whole and accessible: ${name}`, async ({ page, chat, shop, shot }) => {
      await shop(asking(config));
      await chat.launcher.click();
      await chat.panel.locator('.start').click();
      await expect(chat.panel.locator('.wrong').first()).not.toBeEmpty();
      expect(await flaws(page)).toEqual([]);
      await shot(`form-${name}`);
    });
  });
}
