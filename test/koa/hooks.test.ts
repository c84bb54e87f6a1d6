import assert from 'node:assert/strict';
import http from 'node:http';
import Koa from 'koa';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { balance } from '@evenkeel/koa';
import type { AdapterServer } from '../conformance/adapter.ts';
import { get, listen } from '../conformance/adapter-rig.ts';
import { answer, rawRequest, rawServer, until, valuesOf } from '../conformance/wire.ts';
import type { RawServer } from '../conformance/wire.ts';

describe('the hooks of balance for Koa', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  let server: AdapterServer | undefined;

  beforeEach(async () => {
    endpoint = await rawServer(answer('endpoint'));
    cluster = createCluster({ endpoints: [endpoint.url] });
  });
  afterEach(async () => {
    await server?.close();
    await endpoint.close();
    await cluster.close();
  });

  async function serve(app: Koa): Promise<(bytes: string) => ReturnType<typeof rawRequest>> {
    app.silent = true;
    const handle = app.callback();
    server = await listen(http.createServer((req, res) => void handle(req, res)));
    const { port } = server;
    return (bytes) => rawRequest(port, bytes);
  }

  it('leave what the filter does not take to the application', async () => {
    const app = new Koa();
    app.use(balance(cluster, { filter: '/api' }));
    app.use(async (ctx) => {
      await Promise.resolve();
      if (ctx.path === '/fail') ctx.throw(409);
      ctx.body = 'app';
    });
    const request = await serve(app);
    assert.equal((await request(get('/api/x'))).body, 'endpoint');
    assert.equal((await request(get('/other'))).body, 'app');
    assert.equal((await request(get('/fail'))).status, 409);
  });

  it('reject with their errors, once, whenever they come', async () => {
    const errors: unknown[] = [];
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        errors.push((error as Error).message);
        ctx.status = 599;
      }
    });
    app.use(
      balance(cluster, {
        onRequest: (_head, req) => (req.url === '/request' ? Promise.reject(new Error('/request')) : undefined),
        onResponse: (_head, req) => {
          if (req.url === '/response') throw new Error('/response');
        },
        interceptResponse: (body, _head, req) => (req.url === '/intercept' ? assert.fail('/intercept') : body),
      }),
    );
    const request = await serve(app);
    const paths = ['/request', '/response', '/intercept'];
    for (const path of paths) assert.equal((await request(get(path))).status, 599);
    assert.deepEqual(errors, paths);
    assert.equal((await request(get('/ok'))).body, 'endpoint');
  });

  it('know the mount path where it was taken off', async () => {
    endpoint.onRequest = answer('', ['Location: /login', 'Set-Cookie: a=1; Path=/'], '302 Found');
    const options = { stripMountPath: true, rewriteLocation: true, rewriteCookies: { path: true } } as const;
    const middleware = balance(cluster, options);
    const app = new Koa();
    // As koa-mount does it.
    app.use(async (ctx, next) => {
      ctx.path = ctx.path.slice('/shop'.length);
      await middleware(ctx, next);
    });
    const response = await (await serve(app))(get('/shop/x?y'));
    assert.deepEqual(valuesOf(response, 'location'), ['/shop/login']);
    assert.deepEqual(valuesOf(response, 'set-cookie'), ['a=1; Path=/shop']);
    assert.equal(endpoint.requests[0]!.start, 'GET /x?y HTTP/1.1');
  });

  it('may hand a response back to the application', async () => {
    endpoint.onRequest = answer('missing', [], '404 Not Found');
    const app = new Koa();
    app.use(balance(cluster, { selfHandle: (_response, _req, _res, next) => next() }));
    app.use((ctx) => {
      ctx.body = 'app';
    });
    assert.equal((await (await serve(app))(get('/'))).body, 'app');
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });
});
