import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import Koa, { type Middleware } from 'koa';
import { session } from '@evenkeel/koa';
import { memorySessionStore, type SessionOptions } from '@evenkeel/session-store';
import { counting } from '../session-store/fixtures/counting-store.ts';
import '../session-store/fixtures/fields.ts';
import { closeServers, cookieIn, get, serve } from '../session-store/fixtures/serve.ts';

const SECRET = 'a secret of the tests';

describe('session() of @evenkeel/koa', () => {
  let store: ReturnType<typeof counting>;
  beforeEach(() => void (store = counting(memorySessionStore())));
  afterEach(closeServers);

  function appWith(handler: Middleware, options: Partial<SessionOptions> = {}): Koa {
    const app = new Koa();
    app.silent = true;
    app.use(session({ store, secret: SECRET, ...options }));
    app.use(handler);
    return app;
  }

  it('remembers fields from request to request', async () => {
    const app = appWith((ctx) => {
      ctx.session.increment('visits');
      ctx.body = { ...ctx.session, isNew: ctx.session.isNew };
    });
    const { url } = await serve(app.callback());
    const first = await get(url);
    const second = await get(url, cookieIn(first));
    assert.deepEqual([first.body, second.body], ['{"visits":1,"isNew":true}', '{"visits":2,"isNew":false}']);
    assert.deepEqual([first.headers['cache-control'], second.headers['set-cookie']], ['private', undefined]);
  });

  describe('holds every way of answering until the session is stored', () => {
    const ways: Record<string, Middleware> = {
      'a text': (ctx) => void (ctx.body = 'content'),
      'an object': (ctx) => void (ctx.body = { content: true }),
      'a stream': (ctx) => void (ctx.body = Readable.from(['con', 'tent'])),
      'no body': (ctx) => void (ctx.status = 204),
      'a redirect': (ctx) => ctx.redirect('/elsewhere'),
      'an error that is thrown': (ctx) => ctx.throw(418),
      'a response that Koa does not write': (ctx) => {
        ctx.respond = false;
        ctx.res.writeHead(200, { 'X-A': '1' }).end('content');
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
        const app = appWith((ctx, next) => {
          ctx.session.user = 'ada';
          const { socket } = ctx.req;
          const { write } = socket;
          socket.write = ((...parameters: unknown[]) => {
            order.push('sent');
            return Reflect.apply(write, socket, parameters);
          }) as typeof write;
          return answer(ctx, next);
        });
        const { url } = await serve(app.callback());
        const received = await get(url);
        assert.ok(received.isWhole);
        assert.match(cookieIn(received), /^JSESSIONID=/);
        assert.deepEqual([order[0], order[1]], ['stored', 'sent']);
      });
    }
  });

  it('stores what middleware in front of it changes after it', async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      ctx.session.note = 'after';
    });
    app.use(session({ store, secret: SECRET }));
    app.use((ctx) => void (ctx.body = ctx.session.note ?? 'nothing'));
    const { url } = await serve(app.callback());
    const first = await get(url);
    assert.equal((await get(url, cookieIn(first))).body, 'after');
  });

  it('throws when the store cannot be read, and asks it nothing without a cookie', async () => {
    const app = appWith((ctx) => void (ctx.body = ctx.session.user = 'ada'));
    const errors: unknown[] = [];
    app.on('error', (error) => errors.push(error.code));
    const { url } = await serve(app.callback());
    const cookie = cookieIn(await get(url));
    store.load = () => Promise.reject(new Error('no'));
    assert.equal((await get(url)).status, 200);
    assert.equal((await get(url, cookie)).status, 503);
    assert.deepEqual(errors, ['SESSION_STORE']);
  });

  it('throws when the commit fails, to error handling in front of it', async () => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = 503;
        ctx.body = (error as { code: string }).code;
      }
    });
    app.use(session({ store, secret: SECRET }));
    app.use((ctx) => void (ctx.body = ctx.session.user = 'ada'));
    const { url } = await serve(app.callback());
    store.commit = () => Promise.reject(new Error('no'));
    const received = await get(url);
    assert.deepEqual(
      [received.status, received.body, received.headers['set-cookie']],
      [503, 'SESSION_STORE', undefined],
    );
  });

  it('answers 503 when the commit fails behind its back', async () => {
    const app = appWith((ctx) => {
      ctx.session.user = 'ada';
      ctx.respond = false;
      ctx.res.end('done');
    });
    const errors: unknown[] = [];
    app.on('error', (error) => errors.push(error.code));
    const { url } = await serve(app.callback());
    store.commit = () => Promise.reject(new Error('no'));
    const received = await get(url);
    assert.deepEqual([received.status, received.isWhole, errors], [503, true, ['SESSION_STORE']]);
  });

  it('ends the cookie at logout', async () => {
    const app = appWith(async (ctx) => {
      if (ctx.path === '/logout') await ctx.session.destroy();
      else ctx.session.user = 'ada';
      ctx.redirect('/');
    });
    const { url } = await serve(app.callback());
    const received = await get(`${url}/logout`, cookieIn(await get(url)));
    assert.deepEqual(received.headers['set-cookie'], ['JSESSIONID=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
  });

  it('makes the cookie secure when the trusted proxy says that the client is', async () => {
    const app = appWith((ctx) => void (ctx.body = ctx.session.user = 'ada'));
    app.proxy = true;
    const callback = app.callback();
    const { url } = await serve((req, res) => {
      req.headers['x-forwarded-proto'] = 'https';
      void callback(req, res);
    });
    assert.match((await get(url)).headers['set-cookie']![0]!, /; Secure/);
  });

  it('counts once when it is used twice', async () => {
    const app = new Koa();
    app.use(session({ store, secret: SECRET }));
    app.use(session({ store, secret: SECRET }));
    app.use((ctx) => void (ctx.body = String(ctx.session.increment('visits'))));
    const { url } = await serve(app.callback());
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
