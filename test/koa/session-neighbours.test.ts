import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import Koa, { type Middleware } from 'koa';
import { session } from '@evenkeel/koa';
import { memorySessionStore, type SessionStore } from '@evenkeel/session-store';
import { counting } from '../session-store/fixtures/counting-store.ts';
import '../session-store/fixtures/fields.ts';
import { closeServers, cookieIn, get, serve } from '../session-store/fixtures/serve.ts';

const SECRET = 'a secret of the tests';

interface Answer {
  readonly headers: IncomingHttpHeaders & { ':status'?: number };
  readonly body: string;
}

describe('session() of @evenkeel/koa in other surroundings', () => {
  let store: SessionStore;
  let order: string[];
  beforeEach(() => {
    order = [];
    store = counting(memorySessionStore());
    const { commit } = store;
    store.commit = async (...parameters) => {
      // Some turns of the event loop: a response that does not wait would be out by then.
      for (let i = 0; i < 5; i++) await turn();
      order.push('stored');
      return commit(...parameters);
    };
  });
  afterEach(closeServers);

  function appOf(handler: Middleware): Koa {
    const app = new Koa();
    app.silent = true;
    app.use(session({ store, secret: SECRET }));
    app.use(handler);
    return app;
  }

  describe('over HTTP/2', () => {
    // Node says once in a process what does not exist in HTTP/2, as the message of a status.
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    before(() => void process.on('warning', note));
    after(() => {
      process.off('warning', note);
      assert.deepEqual(warnings, []);
    });

    async function fetchOverHttp2(app: Koa, cookies: readonly string[]): Promise<Answer[]> {
      const server = createServer();
      // Koa's types know `node:http`; the compatibility layer is made to be the same.
      server.on('request', app.callback() as never);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      client.on('error', () => undefined);
      const answers: Answer[] = [];
      try {
        for (const cookie of cookies) {
          const stream = client.request(cookie === '' ? {} : { cookie });
          const [headers] = (await once(stream, 'response')) as [Answer['headers']];
          order.push('answered');
          let body = '';
          for await (const chunk of stream.setEncoding('utf8')) body += chunk as string;
          answers.push({ headers, body });
        }
      } finally {
        client.destroy();
        server.close();
        await once(server, 'close');
      }
      return answers;
    }

    const ways: Record<string, Middleware> = {
      'a text': (ctx) => void (ctx.body = 'content'),
      'a stream': (ctx) => void (ctx.body = Readable.from(['con', 'tent'])),
      'a response that Koa does not write': (ctx) => {
        ctx.respond = false;
        ctx.res.writeHead(200, { 'x-a': '1' }).end('content');
      },
      'a response in parts': (ctx) => {
        ctx.respond = false;
        ctx.status = 200;
        ctx.res.flushHeaders();
        ctx.res.write('con');
        assert.equal(ctx.res.headersSent, true);
        assert.throws(() => ctx.res.setHeader('x-late', '1'), { code: 'ERR_HTTP_HEADERS_SENT' });
        ctx.res.end('tent');
        assert.equal(ctx.res.writableEnded, true);
      },
    };
    for (const [way, answer] of Object.entries(ways)) {
      it(`holds ${way} until the session is stored`, async () => {
        const app = appOf((ctx, next) => {
          ctx.session.user = 'ada';
          return answer(ctx, next);
        });
        const [{ headers, body }] = (await fetchOverHttp2(app, [''])) as [Answer];
        assert.deepEqual([order, headers[':status'], body], [['stored', 'answered'], 200, 'content']);
        assert.match(headers['set-cookie']![0]!, /^JSESSIONID=/);
      });
    }

    it('finds the session again', async () => {
      const app = appOf((ctx) => void (ctx.body = ctx.session.user ??= 'ada'));
      const { url } = await serve(app.callback());
      const cookie = cookieIn(await get(url));
      const [first, second] = (await fetchOverHttp2(app, ['', cookie])) as [Answer, Answer];
      assert.deepEqual([first.body, second.body, second.headers['set-cookie']], ['ada', 'ada', undefined]);
    });

    it('answers 503 where the session could not be stored', async () => {
      const app = appOf((ctx) => {
        ctx.session.user = 'ada';
        ctx.respond = false;
        ctx.res.end('done');
      });
      store.commit = () => Promise.reject(new Error('no'));
      const [{ headers }] = (await fetchOverHttp2(app, [''])) as [Answer];
      assert.deepEqual([headers[':status'], headers['set-cookie']], [503, undefined]);
    });
  });

  it('ends the session when null is assigned to it', async () => {
    const app = appOf((ctx) => {
      if (ctx.path === '/out') Object.assign(ctx, { session: null });
      else ctx.session.user ??= 'ada';
      ctx.body = `new: ${ctx.session.isNew}`;
    });
    const { url } = await serve(app.callback());
    const cookie = cookieIn(await get(url));
    const received = await get(`${url}/out`, cookie);
    assert.match(received.headers['set-cookie']![0]!, /^JSESSIONID=; Max-Age=0/);
    assert.equal((await get(url, cookie)).body, 'new: true');
  });

  it('leaves a response alone whose session nobody reads', async () => {
    const { url } = await serve(
      appOf((ctx) => void (ctx.body = `${Object.hasOwn(ctx, 'session')} ${Object.hasOwn(ctx.res, 'end')}`)).callback(),
    );
    assert.equal((await get(url)).body, 'true false');
  });

  it('gives tools its sessions without a context', async () => {
    const layer = session({ store, secret: SECRET });
    const app = new Koa();
    app.use(layer);
    app.use(async (ctx) => {
      await ctx.session.login('ada');
      ctx.body = 'done';
    });
    const { url } = await serve(app.callback());
    const cookieHeader = cookieIn(await get(url));
    const { session: found } = await layer.sessions.open({ cookieHeader, isSecure: false });
    assert.deepEqual([found.principal, (await layer.sessions.of('ada')).length], ['ada', 1]);
  });
});
