import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { session } from '@evenkeel/express';
import { memorySessionStore, type SessionOptions, type SessionStore } from '@evenkeel/session-store';
import { counting } from '../session-store/fixtures/counting-store.ts';
import '../session-store/fixtures/fields.ts';
import { closeServers, cookieIn, get, serve } from '../session-store/fixtures/serve.ts';

const SECRET = 'a secret of the tests';

describe('session() of @evenkeel/express', () => {
  let store: ReturnType<typeof counting>;
  beforeEach(() => void (store = counting(memorySessionStore())));
  afterEach(closeServers);

  function appWith(handler: RequestHandler, options: Partial<SessionOptions> = {}): Express {
    const app = express();
    app.set('env', 'test');
    app.use(session({ store, secret: SECRET, ...options }));
    app.use(handler);
    return app;
  }

  it('remembers fields from request to request', async () => {
    const { url } = await serve(
      appWith((req, res) => {
        req.session.increment('visits');
        res.json({ ...req.session, isNew: req.session.isNew });
      }),
    );
    const first = await get(url);
    const second = await get(url, cookieIn(first));
    assert.deepEqual([first.body, second.body], ['{"visits":1,"isNew":true}', '{"visits":2,"isNew":false}']);
    assert.deepEqual([first.headers['cache-control'], second.headers['set-cookie']], ['private', undefined]);
  });

  describe('holds every way of answering until the session is stored', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'evenkeel-express-'));
      writeFileSync(join(folder, 'file.txt'), 'content');
    });
    after(() => rmSync(folder, { recursive: true }));

    const ways: Record<string, RequestHandler> = {
      'send()': (_, res) => void res.send('content'),
      'json()': (_, res) => void res.json('content'),
      'redirect()': (_, res) => res.redirect('/elsewhere'),
      'sendStatus()': (_, res) => void res.sendStatus(204),
      'sendFile()': (_, res) => res.sendFile(join(folder, 'file.txt')),
      'download()': (_, res) => res.download(join(folder, 'file.txt')),
      'pipe()': (_, res) => void Readable.from(['con', 'tent']).pipe(res),
      'writeHead()': (_, res) => void res.writeHead(200, { 'X-A': '1' }).end('content'),
      'flushHeaders()': (_, res) => {
        res.flushHeaders();
        res.end('content');
      },
      'an error': (_, __, next) => next(new Error('no')),
      'a handler that throws': () => {
        throw new Error('no');
      },
    };
    for (const [way, answer] of Object.entries(ways)) {
      it(way, async () => {
        const order: string[] = [];
        const { commit } = store;
        store.commit = async (...parameters) => {
          // A later turn of the event loop: a response that does not wait would be out by then.
          await new Promise((resolve) => setImmediate(resolve));
          order.push('stored');
          return commit(...parameters);
        };
        const { url } = await serve(
          appWith((req, res, next) => {
            req.session.user = 'ada';
            // Below Express and the hold: what reaches the socket.
            const { write } = req.socket;
            req.socket.write = ((...parameters: unknown[]) => {
              order.push('sent');
              return Reflect.apply(write, req.socket, parameters);
            }) as typeof write;
            return answer(req, res, next);
          }),
        );
        const received = await get(url);
        assert.ok(received.isWhole);
        assert.match(cookieIn(received), /^JSESSIONID=/);
        assert.deepEqual([order[0], order[1]], ['stored', 'sent']);
      });
    }
  });

  it('stores what is changed while the head of a streamed response waits', async () => {
    const held = Promise.withResolvers<void>();
    const { commit } = store;
    store.commit = async (...parameters) => {
      await held.promise;
      return commit(...parameters);
    };
    const { url } = await serve(
      appWith(async (req, res) => {
        if (req.headers.cookie !== undefined) return void res.json(req.session);
        req.session.user = 'ada';
        res.write('a');
        await new Promise((resolve) => setImmediate(resolve));
        req.session.increment('visits');
        res.end('b');
        held.resolve();
      }),
    );
    const first = await get(url);
    assert.equal(first.body, 'ab');
    assert.equal((await get(url, cookieIn(first))).body, '{"user":"ada","visits":1}');
  });

  it('turns a store that cannot be read into next(error), and asks it nothing without a cookie', async () => {
    const errors: unknown[] = [];
    const app = appWith((_, res) => void res.send('fine'));
    const report: ErrorRequestHandler = (error, _, res, __) => {
      errors.push(error.code);
      res.status(error.status).send('sorry');
    };
    app.use(report);
    const { url } = await serve(app);
    store.load = () => Promise.reject(new Error('no'));
    assert.equal((await get(url)).body, 'fine');
    const known = await serve(appWith((req, res) => void res.send((req.session.user = 'ada'))));
    const received = await get(url, cookieIn(await get(known.url)));
    assert.deepEqual([received.status, received.body, errors], [503, 'sorry', ['SESSION_STORE']]);
  });

  for (const verb of ['destroy', 'regenerate'] as const) {
    it(`answers 503 where the store failed a ${verb}() that nobody awaited, and lives on`, async () => {
      let isAway = false;
      const away: SessionStore = {
        ...store,
        destroy: (...parameters) => (isAway ? fail() : store.destroy(...parameters)),
        retire: (...parameters) => (isAway ? fail() : store.retire(...parameters)),
      };
      const app = appWith(
        (req, res) => {
          if (req.path === '/in') req.session.user = 'ada';
          else void req.session[verb]();
          res.send(`done ${req.session.user ?? ''}`);
        },
        { store: away },
      );
      const { url } = await serve(app);
      const cookie = cookieIn(await get(`${url}/in`));
      isAway = true;
      assert.equal((await get(`${url}/out`, cookie)).status, 503);
      isAway = false;
      assert.equal((await get(`${url}/out`, cookie)).status, 200);
    });
  }

  it('turns a commit that fails into next(error) instead of the response', async () => {
    const app = appWith((req, res) => {
      req.session.user = 'ada';
      res.status(201).type('html').set('ETag', '"a"').send('<p>done</p>');
    });
    const report: ErrorRequestHandler = (error, _, res, __) => void res.status(error.status).json({ code: error.code });
    app.use(report);
    const { url } = await serve(app);
    store.commit = () => Promise.reject(new Error('no'));
    const received = await get(url);
    assert.deepEqual([received.status, received.body, received.isWhole], [503, '{"code":"SESSION_STORE"}', true]);
    assert.equal(received.headers['set-cookie'], undefined);
    assert.match(received.headers['content-type']!, /json/);
  });

  it('lets Express answer a failed commit where nobody else does', async () => {
    const { url } = await serve(appWith((req, res) => void res.send((req.session.user = 'ada'))));
    store.commit = () => Promise.reject(new Error('no'));
    assert.equal((await get(url)).status, 503);
  });

  it('turns a field that cannot be stored into an error that names it', async () => {
    const { url } = await serve(
      appWith((req, res) => {
        Object.assign(req.session, { cart: { items: [() => 0] } });
        res.send('done');
      }),
    );
    const received = await get(url);
    assert.equal(received.status, 500);
    assert.match(received.body, /cart\.items\[0\]/);
    assert.equal(store.calls.commit, 0);
  });

  it('refuses a request body that would replace the prototype', async () => {
    const { url } = await serve(
      appWith((req, res) => {
        Object.assign(req.session, JSON.parse('{"__proto__":{"isAdmin":true}}'));
        res.send('done');
      }),
    );
    assert.equal((await get(url)).status, 500);
    assert.equal(Reflect.get({}, 'isAdmin'), undefined);
  });

  it('stores changes that a stream makes after the head', async () => {
    const { url } = await serve(
      appWith((req, res) => {
        if (req.path === '/start') return void res.send((req.session.user = 'ada'));
        if (req.path === '/read') return void res.send(req.session.note);
        res.write('a');
        setImmediate(() => {
          req.session.note = 'late';
          res.end('b');
        });
      }),
    );
    const cookie = cookieIn(await get(`${url}/start`));
    assert.equal((await get(url, cookie)).body, 'ab');
    assert.equal((await get(`${url}/read`, cookie)).body, 'late');
  });

  it('ends the cookie at logout', async () => {
    const { url } = await serve(
      appWith(async (req, res) => {
        if (req.path === '/logout') await req.session.destroy();
        else req.session.user = 'ada';
        res.redirect('/');
      }),
    );
    const received = await get(`${url}/logout`, cookieIn(await get(url)));
    assert.deepEqual(received.headers['set-cookie'], ['JSESSIONID=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
  });

  it('makes the cookie secure when the trusted proxy says that the client is', async () => {
    const app = express();
    app.set('trust proxy', true);
    app.use((req, _, next) => {
      req.headers['x-forwarded-proto'] = 'https';
      next();
    });
    app.use(appWith((req, res) => void res.send((req.session.user = 'ada'))));
    const { url } = await serve(app);
    assert.match((await get(url)).headers['set-cookie']![0]!, /; Secure/);
  });

  it('counts once when it is mounted twice', async () => {
    const app = express();
    app.use(session({ store, secret: SECRET }));
    app.use(appWith((req, res) => void res.send(String(req.session.increment('visits')))));
    const { url } = await serve(app);
    const first = await get(url);
    assert.equal(first.headers['set-cookie']?.length, 1);
    assert.equal((await get(url, cookieIn(first))).body, '2');
    assert.deepEqual([store.calls.load, store.calls.commit], [1, 2]);
  });

  it('names itself in the message about wrong options', () => {
    assert.throws(() => session({ store, secret: 'short' }), {
      code: 'INVALID_OPTIONS',
      message: /^session: `secret` must be/,
    });
  });
});

function fail(): Promise<never> {
  return Promise.reject(new Error('the store is away'));
}
