import assert from 'node:assert/strict';
import http from 'node:http';
import Koa from 'koa';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { balance } from '@evenkeel/koa';
import type { Balancer } from '@evenkeel/koa';
import type { ProxyOptions } from '@evenkeel/proxy';
import { describeAdapter } from '../conformance/adapter.ts';
import type { AdapterServer } from '../conformance/adapter.ts';
import { get, listen, requestOf } from '../conformance/adapter-rig.ts';
import { answer, rawClient, rawRequest, rawServer, until, valuesOf } from '../conformance/wire.ts';
import type { RawServer } from '../conformance/wire.ts';

async function serve(app: Koa, balancer?: Balancer): Promise<AdapterServer> {
  app.silent = true;
  const handle = app.callback();
  const server = http.createServer((req, res) => void handle(req, res));
  if (balancer === undefined) return listen(server);
  server.on('upgrade', balancer.upgrade);
  const { port, close } = await listen(server);
  return { port, close: async () => void (await Promise.all([close(), balancer.close({ deadlineMs: 0 })])) };
}

describeAdapter('Koa', (cluster: Cluster, options?: ProxyOptions) => {
  const balancer = balance(cluster, options);
  return serve(new Koa().use(balancer), balancer);
});

describe('balance for Koa', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  let server: AdapterServer | undefined;

  beforeEach(async () => {
    endpoint = await rawServer(answer('ok', ['Set-Cookie: e=1']));
    cluster = createCluster({ endpoints: [endpoint.url] });
  });
  afterEach(async () => {
    await server?.close();
    await endpoint.close();
    await cluster.close();
  });

  async function request(app: Koa, bytes: string) {
    server = await serve(app);
    return rawRequest(server.port, bytes);
  }

  it('lets middleware around it see the end of the response', async () => {
    const seen: unknown[] = [];
    const app = new Koa();
    app.use(async (ctx, next) => {
      await next();
      seen.push(ctx.res.statusCode, ctx.res.writableFinished);
    });
    app.use(balance(cluster));
    await request(app, get());
    await until(() => seen.length > 0);
    assert.deepEqual(seen, [200, true]);
  });

  it('lets middleware around it see that the client has left', async () => {
    let isOver = false;
    endpoint.onRequest = () => undefined;
    const app = new Koa();
    app.use(async (_ctx, next) => {
      await next();
      isOver = true;
    });
    app.use(balance(cluster));
    server = await serve(app);
    const client = await rawClient(server.port);
    client.write(get());
    await until(() => endpoint.requests.length === 1);
    client.socket.destroy();
    await until(() => isOver && endpoint.open === 0);
  });

  it('forwards the target as it came, whatever middleware made of ctx.url', async () => {
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.url = '/rewritten';
      return next();
    });
    app.use(balance(cluster));
    await request(app, get('/api//x?y'));
    assert.equal(endpoint.requests[0]!.start, 'GET /api//x?y HTTP/1.1');
  });

  it('forwards what middleware made of ctx.url with stripMountPath', async () => {
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.url = '/rewritten';
      return next();
    });
    app.use(balance(cluster, { stripMountPath: true }));
    await request(app, get('/api//x?y'));
    assert.equal(endpoint.requests[0]!.start, 'GET /rewritten HTTP/1.1');
  });

  it('keeps the fields that middleware has set before', async () => {
    const app = new Koa();
    app.use((ctx, next) => {
      ctx.set('X-Frame-Options', 'DENY');
      ctx.cookies.set('own', '1');
      return next();
    });
    app.use(balance(cluster));
    const response = await request(app, get());
    assert.deepEqual(valuesOf(response, 'x-frame-options'), ['DENY']);
    assert.deepEqual(valuesOf(response, 'set-cookie'), ['own=1; path=/; httponly', 'e=1']);
  });

  it('rejects for a mistake in the application, with the fix', async () => {
    const seen: unknown[] = [];
    const app = new Koa();
    app.on('error', (error) => seen.push(error));
    app.use(async (ctx, next) => {
      for await (const _ of ctx.req);
      await next();
    });
    app.use(balance(cluster));
    const response = await request(app, requestOf('POST', '/', 'Content-Length: 2') + '{}');
    assert.equal(response.status, 500);
    assert.match(String(seen[0]), /the request body was read before/);
  });

  it('answers failures towards the endpoints itself', async () => {
    cluster.update(['http://127.0.0.1:1']);
    const app = new Koa();
    app.use(balance(cluster));
    const response = await request(app, get());
    assert.equal(response.status, 502);
    assert.deepEqual(valuesOf(response, 'content-type'), ['application/problem+json']);
  });
});
