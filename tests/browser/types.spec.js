// The TypeScript declarations that are shipped with the script.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { WIDGET_KEY } from './lib/natter.js';
import { expect, test } from './lib/shop.js';

const declarations = readFileSync('../../assets/chat-widget.d.ts', 'utf8');
/** The members of an interface, by their names. */
const members = (name) => {
  const body = new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)\\n\\}`, 's').exec(declarations)[1];
  return [...body.matchAll(/^ {2}(?:readonly )?'?([\w:]+)'?[?(<:]/gm)].map((match) => match[1]);
};

test('a typed page compiles, and its mistakes do not', () => {
  const { status, stdout } = spawnSync('node_modules/.bin/tsc', ['-p', 'typed'], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('the declarations are served beside the script', async ({ natter }) => {
  const { url } = await natter();
  const reply = await fetch(`${url}/widget/chat-widget.d.ts`);
  expect(reply.status).toBe(200);
  expect(await reply.text()).toBe(declarations);
});

test('they have every option of the guide, and no other', () => {
  const guide = readFileSync('../../docs/widget-options.md', 'utf8');
  const rules = members('NatterEngagementRules');
  const told = [...guide.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]).filter((name) => !rules.includes(name));
  const typed = [...members('NatterOptions'), ...members('NatterConfig')];
  // `accentColor` and `apiKey` are other names; told in the lines of what they mean the same as.
  expect(typed.filter((name) => !guide.includes(`\`${name}\``)), 'typed, not told').toEqual([]);
  expect(told.filter((name) => !typed.includes(name) && !/^(hideBranding|maxMessagesPerConversation)$/.test(name)), 'told, not typed').toEqual([]);
});

test('they have every command that there is, and every event that the guide names', async ({ shop, page, chat }) => {
  await shop({ licenseKey: WIDGET_KEY });
  await expect(chat.launcher).toBeVisible();
  const commands = await page.evaluate(() => Object.keys(ChatWidget).filter((name) => name !== 'natter'));
  expect(members('NatterChat').sort()).toEqual(commands.sort());
  const guide = readFileSync('../../docs/embedding.md', 'utf8');
  for (const event of members('NatterEvents')) expect(guide, event).toContain(`| \`${event}\` |`);
  for (const command of commands) expect(guide, command).toMatch(new RegExp(`ChatWidget\\.${command}\\b`));
});
