// The OpenAI dialect, through OpenAI's own published client.
import OpenAI from 'openai';
import { expect, test } from './lib/test.js';

/** A client of a server, with a license key. */
async function client(server, settings = {}) {
  const { key } = await server.admin.licenseKey(settings);
  return new OpenAI({ apiKey: key, baseURL: `${server.url}/v1`, maxRetries: 0 });
}

const ask = (content) => ({ model: 'default', messages: [{ role: 'user', content }] });
const QUESTION = 'How do I put the widget on my page?';

test('OpenAI’s client gets an answer, whole and streamed', async ({ natter }) => {
  const openai = await client(await natter());
  const whole = await openai.chat.completions.create(ask(QUESTION));
  expect(whole.object).toBe('chat.completion');
  expect(whole.choices[0].message.content).toContain('<script');
  expect(whole.choices[0].finish_reason).toBe('stop');
  expect(whole.sources[0].url).toContain('/docs/');
  let said = '';
  let finish = null;
  const stream = await openai.chat.completions.create({ ...ask(QUESTION), stream: true });
  for await (const chunk of stream) {
    said += chunk.choices[0]?.delta.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  expect(said.trim()).toBe(whole.choices[0].message.content);
  expect(finish).toBe('stop');
});

test('OpenAI’s client gets the agents as models, and errors as its own', async ({ natter }) => {
  const server = await natter();
  const openai = await client(server, { monthly_usage_limit: 1 });
  const models = [];
  for await (const model of openai.models.list()) models.push(model.id);
  expect(models).toEqual(['default', 'demo']);
  await openai.chat.completions.create(ask(QUESTION));
  const refused = openai.chat.completions.create(ask(QUESTION));
  await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  await expect(refused).rejects.toMatchObject({ status: 429, code: 'monthly_limit_reached' });
  const stranger = new OpenAI({ apiKey: 'nobody', baseURL: `${server.url}/v1`, maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  const other = openai.chat.completions.create({ ...ask('Hi'), model: 'gpt-x' });
  await expect(other).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError);
});
