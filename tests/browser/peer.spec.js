// Agents against a model server that others wrote and hold against the makers' own APIs (aimock):
// what our stubs believe of the two protocols may be wrong in the way that our code is.
import { LLMock } from '@copilotkit/aimock';
import { ADMIN_KEY } from './lib/natter.js';
import { expect, test as base } from './lib/test.js';

const PROVIDERS = ['openai', 'anthropic'];
const KEY = 'the-peers-key';
const ANSWER = 'Grüße aus **Köln**: 語 and 🧑‍🚀, in more than one piece.';
const COUNTED = { inputTokens: 21, outputTokens: 13 };

const test = base.extend({
  /** The peer; it takes `KEY` alone, and cuts answers every six UTF-16 units, also inside a character. */
  peer: async ({}, use) => {
    const peer = new LLMock({ host: '127.0.0.1', port: 0, chunkSize: 6, auth: { apiKeys: [KEY] } });
    const usage = { prompt_tokens: COUNTED.inputTokens, completion_tokens: COUNTED.outputTokens };
    peer.onMessage('What is new?', { content: ANSWER, usage });
    peer.onMessage('Think!', { content: ANSWER, reasoning: 'Nobody is to read this.', usage });
    peer.onMessage('At length?', { content: ANSWER, finishReason: 'length' });
    peer.onMessage('Break off!', { content: ANSWER }, { latency: 20, truncateAfterChunks: 4 });
    await peer.start();
    await use(peer);
    await peer.stop();
  },

  /** An agent of this provider that asks the peer, and a way to ask it. */
  agent: async ({ peer, natter }, use) => {
    const server = await natter();
    const post = (path, body, headers) =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const admin = async (path, body) => (await post(path, body, { 'X-Admin-Api-Key': ADMIN_KEY })).json();
    await use(async (provider, changes = {}) => {
      const settings = { name: provider, provider, base_url: `${peer.url}/v1`, api_key: KEY, model: 'a-model' };
      const { id } = await admin('/api/agents', { ...settings, ...changes });
      const { key } = await server.admin.licenseKey({ agent_id: id });
      return {
        test: () => admin(`/api/agents/${id}/test-connection`, {}),
        async ask(message) {
          const answer = await post('/v1/chat/stream', { message, sessionId: provider }, { 'X-Api-Key': key });
          if (!answer.ok) return { status: answer.status, ...(await answer.json()) };
          const events = (await answer.text()).trim().split('\n').map((line) => JSON.parse(line));
          const tokens = events.filter((event) => event.type === 'token').map((event) => event.token);
          return { status: 200, tokens, last: events.at(-1) };
        },
      };
    });
  },
});

for (const provider of PROVIDERS) {
  test(`an agent answers through a ${provider} server that others wrote, streamed and counted`, async ({ agent, peer }) => {
    const { ask } = await agent(provider);
    const first = await ask('What is new?');
    expect(first.tokens.length).toBeGreaterThan(3);
    expect(first.tokens.join('')).toBe(ANSWER);
    expect(first.last).toMatchObject({ type: 'done', message: ANSWER, usage: COUNTED, finishReason: 'stop' });
    const thought = await ask('Think!');
    expect(thought.last, 'thoughts are kept').toMatchObject({ type: 'done', message: ANSWER, usage: COUNTED });
    expect((await ask('At length?')).last).toMatchObject({ type: 'done', finishReason: 'length' });
    const { messages } = peer.getLastRequest().body;
    const said = messages.filter(({ role }) => role !== 'system').map(({ content }) => content);
    expect(said, 'it is told what was said').toEqual(['What is new?', ANSWER, 'Think!', ANSWER, 'At length?']);
  });

  test(`what a ${provider} server that others wrote refuses is tried again, or told`, async ({ agent, peer }) => {
    const { ask } = await agent(provider);
    for (const [status, type] of [[500, 'api_error'], [529, 'overloaded_error'], [429, 'rate_limit_error']]) {
      peer.nextRequestError(status, { message: 'Not now.', type });
      expect((await ask('What is new?')).last, `after ${status}`).toMatchObject({ type: 'done', message: ANSWER });
    }
    const broken = await ask('Break off!');
    expect(broken.tokens.length).toBeGreaterThan(0);
    expect(broken.last).toMatchObject({ type: 'error', code: 'upstream_failed', retryable: true });
    expect((await ask('What is new?')).last, 'it goes on').toMatchObject({ type: 'done', message: ANSWER });
    expect(await ask('Something that it does not know')).toMatchObject({ status: 502, code: 'upstream_failed' });
  });

  test(`a ${provider} server that others wrote is told apart from one that knows another key`, async ({ agent, peer }) => {
    peer.onMessage('Say: ready', { content: 'ready' });
    const good = await (await agent(provider)).test();
    expect(good, good.message).toMatchObject({ ok: true });
    expect(good.models.length).toBeGreaterThan(0);
    const bad = await (await agent(provider, { api_key: 'another-key' })).test();
    expect(bad).toMatchObject({ ok: false, message: expect.stringContaining("Check the agent's key") });
  });
}
