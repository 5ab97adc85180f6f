// What the small servers of the tests share.
import { createServer, connect } from 'node:net';

/** Listens on a free port of the loopback and returns it. */
export function listen(server) {
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => done(server.address().port));
  });
}

/** A function that closes an HTTP server and every connection to it. */
export function closing(server) {
  return () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
}

/** Things that arrive, and those who wait for them, in order. */
export function queue() {
  const items = [];
  const waiting = [];
  return {
    push(item) {
      const first = waiting.shift();
      if (first) first(item);
      else items.push(item);
    },
    next: () => (items.length ? Promise.resolve(items.shift()) : new Promise((w) => waiting.push(w))),
  };
}

/** A network cable to `port` that the test can cut and mend. */
export async function startCable(port) {
  const sockets = new Set();
  const refusals = queue();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      refusals.push();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  const own = await listen(server);
  const drop = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${own}`,
    /** Ends every connection; new ones are refused. */
    cut() {
      whole = false;
      drop();
    },
    /** Resolves when somebody tried to connect while the cable was cut. */
    refused: () => refusals.next(),
    mend() {
      whole = true;
    },
    /** Leads new connections to another port. */
    lead(other) {
      port = other;
    },
    stop: () =>
      new Promise((done) => {
        server.close(done);
        drop();
      }),
  };
}
