/**
 * Koa in servers of HTTP/2.
 */
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import Koa from 'koa';
import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/koa';
import { closing } from '../closing.ts';
import { describeHttp2Adapter } from '../conformance/adapter-http2.ts';
import { cert, h2Client, key } from '../conformance/http2-client.ts';
import { rawServer, until } from '../conformance/wire.ts';
import { http2Server } from '../proxy/http2-server.ts';

describeHttp2Adapter('Koa on node:http2', (cluster, options) => {
  const app = new Koa();
  app.silent = true;
  const balancer = balance(cluster, options);
  app.use(balancer);
  const handle = app.callback();
  return http2Server(
    http2.createSecureServer({ cert, key, allowHTTP1: true }, (req, res) => void handle(req, res)),
    balancer,
  );
});

describe('Koa on node:http2', () => {
  it('goes on behind balance() when a client has reset its HEAD', async () => {
    const endpoint = await rawServer(() => undefined);
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const app = new Koa();
    const balancer = balance(cluster);
    let isLogged = false;
    app.use(async (_ctx, next) => {
      await next();
      isLogged = true;
    });
    app.use(balancer);
    const handle = app.callback();
    const server = http2.createSecureServer({ cert, key }, (req, res) => void handle(req, res));
    const { port, close } = await http2Server(server, balancer);
    closing({
      async [Symbol.asyncDispose]() {
        await close();
        await Promise.all([endpoint.close(), cluster.close()]);
      },
    });
    const client = await h2Client(port);
    const { stream } = client.send('HEAD', '/');
    await until(() => endpoint.requests.length === 1);
    assert.equal(isLogged, false);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => isLogged);
    client.close();
  });
});
