import assert from 'node:assert/strict';
import http from 'node:http';
import express from 'express';
import type { ErrorRequestHandler, Express, Request } from 'express';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import type { AdapterServer } from '../conformance/adapter.ts';
import { get, listen, requestOf } from '../conformance/adapter-rig.ts';
import { answer, rawRequest, rawServer, until, valuesOf } from '../conformance/wire.ts';
import type { RawServer } from '../conformance/wire.ts';

describe('the hooks of balance for Express', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  const servers: AdapterServer[] = [];

  beforeEach(async () => {
    endpoint = await rawServer(answer('endpoint'));
    cluster = createCluster({ endpoints: [endpoint.url] });
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
    await endpoint.close();
    await cluster.close();
  });

  async function serve(app: Express): Promise<(bytes: string) => ReturnType<typeof rawRequest>> {
    const server = await listen(http.createServer(app));
    servers.push(server);
    return (bytes) => rawRequest(server.port, bytes);
  }

  it('leave what the filter does not take to the application', async () => {
    const app = express()
      .use(balance(cluster, { filter: ['/api'] }))
      .use((_req, res) => void res.send('app'));
    const request = await serve(app);
    assert.equal((await request(get('/api/x'))).body, 'endpoint');
    assert.equal((await request(get('/other'))).body, 'app');
    assert.equal((await request(get('/api/../other'))).body, 'app');
  });

  it('give their errors to next, once, whenever they come', async () => {
    const errors: unknown[] = [];
    const onError: ErrorRequestHandler = (error: Error, _req, res, _next) => {
      errors.push(error.message);
      res.status(599).send('mine');
    };
    const fail = (path: string) => (_head: unknown, req: http.IncomingMessage) => {
      if (req.url === path) throw new Error(path);
    };
    const app = express()
      .use(
        balance(cluster, {
          filter: (req) => req.url !== '/filter' || assert.fail('/filter'),
          router: (req) => (req.url === '/router' ? Promise.reject(new Error('/router')) : undefined),
          rewritePath: (path) => (path === '/rewrite' ? assert.fail('/rewrite') : path),
          onRequest: fail('/request'),
          onResponse: fail('/response'),
          interceptResponse: (body, _head, req) =>
            req.url === '/intercept' ? Promise.reject(new Error('/intercept')) : body,
        }),
      )
      .use(onError);
    const request = await serve(app);
    const paths = ['/filter', '/router', '/rewrite', '/request', '/response', '/intercept'];
    for (const path of paths) {
      const response = await request(get(path));
      assert.deepEqual([path, response.status, response.body], [path, 599, 'mine']);
    }
    assert.deepEqual(errors, paths);
    assert.equal((await request(get('/ok'))).body, 'endpoint');
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  it('know the mount path where it was taken off', async () => {
    endpoint.onRequest = answer(
      '',
      ['Location: /login?x', 'Set-Cookie: a=1; Path=/', 'Set-Cookie: b=1; Path=/b'],
      '302 Found',
    );
    const options = { stripMountPath: true, rewriteLocation: true, rewriteCookies: { path: true } } as const;
    const app = express().use('/shop', express.Router().use('/v1', balance(cluster, options)));
    const request = await serve(app);
    for (const path of ['/shop/v1/x', '/shop/v1', '/shop/v1/?q']) {
      const response = await request(get(path));
      assert.deepEqual(valuesOf(response, 'location'), ['/shop/v1/login?x']);
      assert.deepEqual(valuesOf(response, 'set-cookie'), ['a=1; Path=/shop/v1', 'b=1; Path=/shop/v1/b']);
    }
    endpoint.onRequest = answer('', [`Location: ${endpoint.url}/login`], '302 Found');
    assert.deepEqual(valuesOf(await request(get('/shop/v1/x')), 'location'), ['/shop/v1/login']);
    assert.equal(endpoint.requests.at(-1)!.start, 'GET /x HTTP/1.1');
  });

  it('put a mount path off and another prefix on', async () => {
    const app = express().use('/api', balance(cluster, { stripMountPath: true, rewritePath: { '^/': '/v2/' } }));
    const request = await serve(app);
    await request(get('/api/users?x'));
    assert.equal(endpoint.requests[0]!.start, 'GET /v2/users?x HTTP/1.1');
    assert.equal((await request(get('/api/../admin'))).status, 400);
  });

  it('make a body again that a parser has read', async () => {
    const app = express()
      .use(express.json())
      .use(balance(cluster, { body: (req: Request) => JSON.stringify(req.body) }));
    const request = await serve(app);
    const body = '{ "a": 1 }';
    await request(requestOf('POST', '/', 'Content-Type: application/json', `Content-Length: ${body.length}`) + body);
    await request(requestOf('POST', '/', 'Content-Type: text/plain', `Content-Length: ${body.length}`) + body);
    assert.deepEqual(
      endpoint.requests.map((seen) => seen.body),
      ['{"a":1}', body],
    );
  });

  it('may hand a response back to the application', async () => {
    endpoint.onRequest = answer('missing', [], '404 Not Found');
    const app = express()
      .use(
        balance(cluster, {
          selfHandle(response, _req, res, next) {
            if (response.status === 404) next();
            else response.pipe(res);
          },
        }),
      )
      .use((_req, res) => void res.send('app'));
    assert.equal((await (await serve(app))(get('/'))).body, 'app');
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });
});
