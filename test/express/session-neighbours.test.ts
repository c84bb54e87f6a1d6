import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import compression from 'compression';
import express, { type Express, type RequestHandler } from 'express';
import morgan from 'morgan';
import { WebSocket, WebSocketServer } from 'ws';
import { session, type SessionHandler } from '@evenkeel/express';
import { memorySessionStore, type SessionStore } from '@evenkeel/session-store';
import '../session-store/fixtures/fields.ts';
import { closeServers, cookieIn, get, serve } from '../session-store/fixtures/serve.ts';

const SECRET = 'a secret of the tests';
const TEXT = 'a text that is worth its compression. '.repeat(2_000);

describe('session() of @evenkeel/express beside other middleware', () => {
  let store: SessionStore;
  let isStored: boolean;
  beforeEach(() => {
    const inner = memorySessionStore();
    isStored = false;
    store = {
      load: (...parameters) => inner.load(...parameters),
      async commit(...parameters) {
        // Some turns of the event loop: a response that does not wait would be out by then.
        for (let i = 0; i < 5; i++) await turn();
        isStored = true;
        return inner.commit(...parameters);
      },
      touch: (...parameters) => inner.touch(...parameters),
      destroy: (...parameters) => inner.destroy(...parameters),
      retire: (...parameters) => inner.retire(...parameters),
      list: (...parameters) => inner.list(...parameters),
      end: (...parameters) => inner.end(...parameters),
      revoke: (...parameters) => inner.revoke(...parameters),
    };
  });
  afterEach(closeServers);

  function appOf(...handlers: RequestHandler[]): Express {
    const app = express();
    app.set('env', 'test');
    app.use(...handlers);
    return app;
  }

  /** Reads the raw answer, and whether anything of it came before the commit. */
  async function fetchRaw(app: Express, cookie = ''): Promise<{ incoming: IncomingMessage; body: Buffer }> {
    const { url } = await serve(app);
    const outgoing = request(url, { agent: false, headers: { 'accept-encoding': 'gzip', cookie } }).end();
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    assert.equal(isStored, true, 'the head came before the commit');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return { incoming, body: Buffer.concat(chunks) };
  }

  const answers: Record<string, { answer: RequestHandler; text: string }> = {
    'send()': { answer: (_, res) => void res.type('text').send(TEXT), text: TEXT },
    'json()': { answer: (_, res) => void res.json({ TEXT }), text: JSON.stringify({ TEXT }) },
    'pipe()': {
      answer: (_, res) => void Readable.from([TEXT, TEXT, TEXT]).pipe(res.type('text')),
      text: TEXT.repeat(3),
    },
    'write() and drain': {
      answer(_, res) {
        res.type('text');
        let left = 8;
        const go = (): void => {
          while (left-- > 0) if (!res.write(TEXT)) return void res.once('drain', go);
          res.end();
        };
        go();
      },
      text: TEXT.repeat(8),
    },
  };
  const change: RequestHandler = (req, _, next) => {
    req.session.user = 'ada';
    next();
  };
  const orders: Record<string, (layer: RequestHandler, compress: RequestHandler) => RequestHandler[]> = {
    'in front of it': (layer, compress) => [compress, layer, change],
    'behind it': (layer, compress) => [layer, compress, change],
    'behind the first use of the session': (layer, compress) => [layer, change, compress],
  };
  for (const [way, { answer, text }] of Object.entries(answers)) {
    for (const [order, handlersOf] of Object.entries(orders)) {
      it(`has ${way} compressed and held with compression ${order}`, async () => {
        const layer = session({ store, secret: SECRET });
        const { incoming, body } = await fetchRaw(appOf(...handlersOf(layer, compression()), answer));
        assert.equal(incoming.headers['content-encoding'], 'gzip');
        assert.match(incoming.headers['set-cookie']![0]!, /^JSESSIONID=/);
        assert.ok(gunzipSync(body).toString() === text);
      });
    }
  }

  it('lets a logger see the status and the fields that were sent', async () => {
    const lines: string[] = [];
    const log = morgan(':status :res[x-made] :res[content-length]', {
      stream: { write: (line) => void lines.push(line) },
    });
    const app = appOf(log as RequestHandler, session({ store, secret: SECRET }), change, (_, res) => {
      res.status(201).set('X-Made', 'yes').send('made');
    });
    await fetchRaw(app);
    assert.deepEqual(lines, ['201 yes 4\n']);
  });

  it('sends trailers', async () => {
    const app = appOf(session({ store, secret: SECRET }), change, (_, res) => {
      res.setHeader('Trailer', 'X-Sum');
      res.write('a');
      res.addTrailers({ 'X-Sum': '1' });
      res.end('b');
    });
    const { incoming, body } = await fetchRaw(app);
    assert.deepEqual([body.toString(), incoming.trailers], ['ab', { 'x-sum': '1' }]);
  });

  it('lets whoever looks for a session find one, without making it', async () => {
    const seen: unknown[] = [];
    const app = appOf(
      session({ store, secret: SECRET }),
      (req, res, next) => {
        seen.push('session' in req, Object.hasOwn(req, 'session'), Object.hasOwn(res, 'end'));
        next();
      },
      (req, res) => {
        seen.push(req.session !== undefined, Object.hasOwn(res, 'end'));
        res.end();
      },
    );
    const { url } = await serve(app);
    await get(url);
    assert.deepEqual(seen, [true, true, false, true, true]);
  });

  it('ends the session when null is assigned to it', async () => {
    const app = appOf(session({ store, secret: SECRET }), (req, res) => {
      if (req.path === '/out') Object.assign(req, { session: null });
      else req.session.user ??= 'ada';
      res.send(`new: ${req.session.isNew}`);
    });
    const { url } = await serve(app);
    const cookie = cookieIn(await get(url));
    const received = await get(`${url}/out`, cookie);
    assert.match(received.headers['set-cookie']![0]!, /^JSESSIONID=; Max-Age=0/);
    assert.equal((await get(url, cookie)).body, 'new: true');
  });

  it('leaves it to an app around it to say which session counts', async () => {
    const outer = express();
    outer.use(session({ store, secret: SECRET, name: 'outer' }));
    outer.use(
      '/inner',
      appOf(session({ store, secret: SECRET, name: 'inner' }), change, (_, res) => void res.end()),
    );
    const { url } = await serve(outer);
    assert.match(cookieIn(await get(`${url}/inner`)), /^outer=/);
  });

  describe('with a WebSocket', () => {
    let handler: SessionHandler;
    let sockets: WebSocketServer;

    async function start(): Promise<string> {
      handler = session({ store, secret: SECRET });
      const app = appOf(handler, change, (_, res) => void res.end());
      const server = createServer(app);
      sockets = new WebSocketServer({ noServer: true });
      server.on('upgrade', (req, socket, head) => {
        socket.on('error', () => undefined);
        const { cookie: cookieHeader } = req.headers;
        handler.sessions.open({ cookieHeader, isSecure: false }).then(
          (scope) => {
            if (scope.session.user === undefined) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
            sockets.handleUpgrade(req, socket, head, (client) => {
              client.on('message', async (data) => {
                scope.session.note = (data as Buffer).toString();
                await scope.commit();
                client.send(`${scope.session.user} ${scope.session.note}`);
              });
            });
          },
          () => socket.destroy(),
        );
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => void (server.closeAllConnections(), server.close()));
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    const closing: (() => void)[] = [];
    afterEach(() => {
      for (const client of sockets.clients) client.terminate();
      for (const close of closing.splice(0)) close();
    });

    it('gives the upgrade the session of its cookie, which it can change', async () => {
      const host = await start();
      const cookie = cookieIn(await get(`http://${host}`));
      const client = new WebSocket(`ws://${host}`, { headers: { cookie } });
      await once(client, 'open');
      client.send('hello');
      const [answer] = await once(client, 'message');
      assert.equal(String(answer), 'ada hello');
      client.close();
      await once(client, 'close');
      const { session: later } = await handler.sessions.open({ cookieHeader: cookie, isSecure: false });
      assert.equal(later.note, 'hello');
    });

    it('gives an upgrade without a cookie a session that is empty', async () => {
      const host = await start();
      const client = new WebSocket(`ws://${host}`);
      const [error] = await once(client, 'error').catch((reason: unknown) => [reason]);
      assert.match(String(error), /401/);
    });
  });
});
