// A model server that speaks OpenAI's protocol and does nothing by itself: the test sends each
// token, ends the answer, or breaks it.
import { createServer } from 'node:http';
import { closing, listen, queue } from './net.js';

/** A stub on a free port; `env` are the settings that make natter use it. */
export async function startUpstream() {
  const calls = queue();
  const server = createServer(async (request, response) => {
    if (request.method === 'GET' && request.url.endsWith('/models')) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'fake', object: 'model' }] }));
      return;
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    calls.push(call(JSON.parse(body), response));
  });
  const port = await listen(server);
  return {
    env: {
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      OPENAI_API_KEY: 'test',
      OPENAI_MODEL: 'fake',
    },
    /** The next request for an answer, in the order they came. */
    call: () => calls.next(),
    stop: closing(server),
  };
}

/** One request for an answer, and the means to answer it. */
function call(request, response) {
  const closed = new Promise((done) => response.once('close', done));
  const event = (delta, finish = null) => {
    if (!response.headersSent) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    }
    const choice = { index: 0, delta, finish_reason: finish };
    const chunk = { id: 'c', object: 'chat.completion.chunk', model: 'fake', choices: [choice] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  return {
    request,
    /** Resolves when the connection is gone, whoever ended it. */
    closed,
    /** Sends tokens, each in a piece of its own. */
    send(...tokens) {
      for (const content of tokens) event({ content });
    },
    /** Ends the answer as a model does. */
    finish() {
      event({}, 'stop');
      response.end('data: [DONE]\n\n');
    },
    /** Ends the connection as a crash does. */
    crash() {
      response.destroy();
    },
    /** Refuses with a status. */
    refuse(status) {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'refused by the test', type: 'test' } }));
    },
  };
}
