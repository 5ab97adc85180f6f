// The guide's samples, run as they stand there, against the real server.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { expect, test } from './lib/test.js';
import { ADMIN_KEY } from './lib/natter.js';

/** The first code block of a language on a page of the guide. */
function sample(page, language) {
  const text = readFileSync(`../../docs/${page}.md`, 'utf8');
  const found = new RegExp('^```' + language + '\\n([^]*?)^```', 'm').exec(text);
  if (!found) throw new Error(`no ${language} sample in ${page}.md`);
  return found[1];
}

const run = (program, args, input) => execFileSync(program, args, { input, encoding: 'utf8' }).trim();

const signers = {
  js: (secret, id) =>
    run('node', ['--input-type=commonjs'],
      `${sample('identity', 'js')}\nconsole.log(userHash(${JSON.stringify(secret)}, ${JSON.stringify(id)}))`),
  python: (secret, id) =>
    run('python3', ['-'],
      `${sample('identity', 'python')}\nprint(user_hash(${JSON.stringify(secret)}, ${JSON.stringify(id)}))`),
};

const session = (url, body) => fetch(url + '/v1/widget/session', { method: 'POST', body: JSON.stringify(body) });

for (const language of Object.keys(signers)) {
  test(`the guide's ${language} sample proves a user to the server`, async ({ natter, upstream }) => {
    const { url, admin } = await natter(upstream.env);
    const { key, secret } = await admin.licenseKey();
    for (const userId of ['42', 'ada@example.com', 'Zoë 😀']) {
      const userHash = signers[language](secret, userId);
      const reply = await session(url, { licenseKey: key, identity: { userId, userHash } });
      expect(reply.status, userId).toBe(200);
      expect((await reply.json()).verified).toBe(true);
      const other = await session(url, { licenseKey: key, identity: { userId: userId + '!', userHash } });
      expect(other.status).toBe(401);
    }
  });
}

test('a published Standard Webhooks library accepts what the server signs, and nothing that was changed', async ({ natter, upstream }) => {
  const got = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.end();
    });
  });
  await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
  try {
    const { url } = await natter({ ...upstream.env, NATTER_WEBHOOK_ALLOW_PRIVATE: 'true' });
    const post = (path, body) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'X-Admin-Api-Key': ADMIN_KEY, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const target = `http://127.0.0.1:${receiver.address().port}/hook`;
    const made = await (await post('/api/webhooks', { url: target, events: ['license_key.created'] })).json();
    expect((await post('/api/license-keys', { name: 'Grüße "x"' })).status).toBe(201);
    expect((await post(`/api/webhooks/${made.id}/test`, {})).status).toBe(202);
    await expect.poll(() => got.length).toBe(2);
    const library = new Webhook(made.secret);
    for (const { headers, body } of got) {
      const event = library.verify(body, headers);
      expect(['license_key.created', 'webhook.test']).toContain(event.type);
      expect(() => library.verify(body + ' ', headers)).toThrow();
      expect(() => library.verify(body, { ...headers, 'webhook-id': 'evt_other' })).toThrow();
      expect(() => new Webhook('whsec_' + btoa('x'.repeat(24))).verify(body, headers)).toThrow();
    }
  } finally {
    receiver.close();
  }
});

test("the guide's offline check believes signed answers and leases of its own device alone", async ({ natter, upstream, folder }) => {
  const { url, admin } = await natter(upstream.env);
  const { path: cwd } = await folder();
  const { key } = await admin.licenseKey();
  const post = (name, fields) =>
    fetch(`${url}/license/${name}`, { method: 'POST', body: new URLSearchParams({ licenseKey: key, ...fields }) });
  const { keys } = await (await fetch(`${url}/license/keys`)).json();
  const { instanceId } = await (await post('activate')).json();
  const checks = (server, device) => {
    let code = sample('license-api', 'js').replace('https://chat.example.com', server);
    for (const { id, publicKey, status } of keys) {
      code = code.replace(`ID-OF-THE-${status.toUpperCase()}-KEY": "ITS-PUBLIC-KEY`, `${id}": "${publicKey}`);
    }
    const program = `${code}\nmayRun(...process.argv.slice(1)).then((runs) => console.log(String(runs)))`;
    const args = ['--input-type=commonjs', '-e', program, key, instanceId, device];
    return execFileSync('node', args, { cwd, encoding: 'utf8' }).trim();
  };
  const nowhere = 'http://127.0.0.1:9';
  expect(checks(nowhere, 'laptop')).toBe('false');
  expect(checks(url, 'laptop')).toBe('true');
  expect(checks(nowhere, 'laptop')).toBe('true');
  expect(checks(nowhere, 'another')).toBe('false');

  const file = join(cwd, 'lease.json');
  const kept = readFileSync(file, 'utf8');
  const lease = JSON.parse(kept);
  const body = Buffer.from(lease.body, 'base64').toString().replace('"leaseEndsAt":"2', '"leaseEndsAt":"3');
  writeFileSync(file, JSON.stringify({ ...lease, body: Buffer.from(body).toString('base64') }));
  expect(checks(nowhere, 'laptop'), 'a lease that was made longer').toBe('false');
  writeFileSync(file, kept);
  expect(checks(nowhere, 'laptop')).toBe('true');

  const rotate = { method: 'POST', headers: { 'X-Admin-Api-Key': ADMIN_KEY } };
  expect((await fetch(`${url}/api/signing-keys/rotate`, rotate)).status).toBe(200);
  expect(checks(nowhere, 'laptop'), 'signed before the rotation').toBe('true');
  expect(checks(url, 'laptop'), 'signed with the key that was next').toBe('true');

  expect((await post('deactivate', { instanceId })).status).toBe(200);
  expect(checks(url, 'laptop')).toBe('false');
  expect(checks(nowhere, 'laptop'), 'the lease is gone').toBe('false');
});
