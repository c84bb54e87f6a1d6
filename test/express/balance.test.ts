import assert from 'node:assert/strict';
import http from 'node:http';
import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import type { Balancer } from '@evenkeel/express';
import type { ProxyOptions } from '@evenkeel/proxy';
import { describeAdapter } from '../conformance/adapter.ts';
import type { AdapterServer } from '../conformance/adapter.ts';
import { get, listen, requestOf } from '../conformance/adapter-rig.ts';
import { answer, rawRequest, rawServer, valuesOf } from '../conformance/wire.ts';
import type { RawServer } from '../conformance/wire.ts';

async function serve(app: Express, balancer?: Balancer): Promise<AdapterServer> {
  const server = http.createServer(app);
  if (balancer === undefined) return listen(server);
  server.on('upgrade', balancer.upgrade);
  const { port, close } = await listen(server);
  return { port, close: async () => void (await Promise.all([close(), balancer.close({ deadlineMs: 0 })])) };
}

describeAdapter('Express', (cluster: Cluster, options?: ProxyOptions) => {
  const balancer = balance(cluster, options);
  return serve(express().use(balancer), balancer);
});

describe('balance for Express', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  let server: AdapterServer | undefined;

  beforeEach(async () => {
    endpoint = await rawServer(answer('ok', ['X-Powered-By: endpoint', 'Set-Cookie: e=1']));
    cluster = createCluster({ endpoints: [endpoint.url] });
  });
  afterEach(async () => {
    await server?.close();
    await endpoint.close();
    await cluster.close();
  });

  async function request(app: Express, bytes: string) {
    server = await serve(app);
    return rawRequest(server.port, bytes);
  }

  it('forwards the whole path from below a mount point', async () => {
    const app = express().use('/api', balance(cluster));
    assert.equal((await request(app, get('/api//x/../y?z=1'))).status, 200);
    assert.equal(endpoint.requests[0]!.start, 'GET /api//x/../y?z=1 HTTP/1.1');
  });

  it('forwards the rest of the path with stripMountPath', async () => {
    const app = express().use('/api', balance(cluster, { stripMountPath: true }));
    await request(app, get('/api/x?y'));
    assert.equal(endpoint.requests[0]!.start, 'GET /x?y HTTP/1.1');
  });

  it('keeps the fields that middleware has set before', async () => {
    const app = express().use((_req, res, next) => {
      res.set('X-Frame-Options', 'DENY').cookie('own', '1');
      next();
    }, balance(cluster));
    const response = await request(app, get());
    assert.deepEqual(valuesOf(response, 'x-frame-options'), ['DENY']);
    assert.deepEqual(valuesOf(response, 'set-cookie'), ['own=1; Path=/', 'e=1']);
    assert.deepEqual(valuesOf(response, 'x-powered-by'), ['endpoint']);
  });

  it('leaves paths that are not balanced to the application', async () => {
    const app = express()
      .use('/api', balance(cluster))
      .get('/own', (_req, res) => void res.send('own'));
    assert.equal((await request(app, get('/own'))).body, 'own');
    assert.equal(endpoint.requests.length, 0);
  });

  it('hands a mistake in the application to its error handler, with the fix', async () => {
    const seen: unknown[] = [];
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      seen.push(error);
      res.status(500).send('handled');
    };
    const app = express().use(express.json(), balance(cluster), onError);
    const json = requestOf('POST', '/', 'Content-Type: application/json', 'Content-Length: 2') + '{}';
    assert.equal((await request(app, json)).body, 'handled');
    assert.match(String(seen[0]), /mount balance\(\) before express\.json\(\)/);
    assert.equal(endpoint.requests.length, 0);
  });

  it('passes bodies that a parser before it has left alone', async () => {
    const app = express().use(express.json(), balance(cluster));
    await request(app, requestOf('POST', '/', 'Content-Type: text/plain', 'Content-Length: 2') + '{}');
    assert.equal(endpoint.requests[0]!.body, '{}');
  });

  it('answers failures towards the endpoints itself', async () => {
    cluster.update(['http://127.0.0.1:1']);
    const app = express().use(balance(cluster), ((_error, _req, res, _next) => {
      res.status(500).send('not for the application');
    }) satisfies ErrorRequestHandler);
    const response = await request(app, get('/', 'Accept: text/html'));
    assert.equal(response.status, 502);
    assert.match(response.body, /^502 Bad Gateway\n/);
    assert.doesNotMatch(response.body, /127\.0\.0\.1/);
  });

  it('refuses wrong options at once', () => {
    assert.throws(() => balance(cluster, { stick: true } as ProxyOptions), { code: 'INVALID_OPTIONS' });
  });
});
