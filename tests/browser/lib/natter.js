// Starts the real server: one for each test, on a free port, with a data folder of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const WIDGET_KEY = 'widget-key-of-the-browser-tests-0001';
export const ADMIN_KEY = 'admin-key-of-the-browser-tests-00001';

export const binary = process.env.NATTER_BIN ?? resolve('../../target/debug/natter');
const READY = /natter is ready on (http:\/\/\S+)/;

/** A running server. `env` adds settings to, or replaces, those every test has. */
export async function startNatter(env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'natter-browser-'));
  const child = spawn(binary, [], {
    cwd: folder,
    // Nothing of the developer's own environment reaches the server under test.
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      NATTER_LISTEN: '127.0.0.1:0',
      NATTER_DATA_DIR: folder,
      NATTER_LOG_FORMAT: 'json',
      WIDGET_API_KEY: WIDGET_KEY,
      ADMIN_API_KEY: ADMIN_KEY,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = [];
  const gone = new Promise((done) => child.once('close', done));
  const stop = async () => {
    // Not SIGTERM: it would drain streams that a test has left open on purpose.
    child.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await new Promise((found, failed) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          log.push(line);
          const ready = READY.exec(line);
          if (ready) found(ready[1].replace(/\/$/, ''));
        });
      }
      child.once('error', failed);
      child.once('close', (code) => failed(new Error(`natter ended (${code}):\n${log.join('\n')}`)));
    });
    return { url, port: Number(new URL(url).port), log, stop, admin: admin(url) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What an admin does and sees: to prepare a test, and to check what was stored. */
function admin(url) {
  const ask = async (method, path, body) => {
    const headers = { 'X-Admin-Api-Key': ADMIN_KEY, ...(body && { 'Content-Type': 'application/json' }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  const get = (path) => ask('GET', path);
  return {
    /** A new license key, and the secret that its visitors' identities are signed with. */
    async licenseKey(settings = {}) {
      const { id, key } = await ask('POST', '/api/license-keys', { name: 'Shop', ...settings });
      const { secret } = await ask('POST', `/api/license-keys/${id}/identity-secret/reveal`);
      return { id, key, secret };
    },
    /** A license key that a shop has sold, with so many activations. */
    async soldKey(limit) {
      const product = await ask('POST', '/api/products', { identifier: 'chat', name: 'Chat' });
      const licenses = { activation_limit_enabled: true, activation_limit: limit };
      const plan = await ask('POST', '/api/plans', { product_id: product.id, identifier: 'pro', name: 'Pro', licenses });
      const order = await ask('POST', '/api/orders', { plan_id: plan.id, customer: { id: 'c1' } });
      return { id: order.license_key_id, key: order.license_key };
    },
    activations: async (id) => (await get(`/api/license-keys/${id}/activations`)).items,
    revoke: (id, instance) => ask('DELETE', `/api/license-keys/${id}/activations/${instance}`),
    conversations: async () => (await get('/v1/admin/conversations')).conversations,
    /** The messages of the only conversation there is. */
    async messages() {
      const all = await this.conversations();
      if (all.length !== 1) throw new Error(`there are ${all.length} conversations, not one`);
      return (await get(`/v1/admin/conversations/${all[0]._id}`)).messages;
    },
  };
}
