/**
 * Express has no part in HTTP/2, but what its proxy takes before it may come that way.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import express from 'express';
import { createCluster } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import { closing } from '../closing.ts';
import { describeHttp2Adapter } from '../conformance/adapter-http2.ts';
import { cert, h2Client, key } from '../conformance/http2-client.ts';
import { answer, rawServer } from '../conformance/wire.ts';
import { http2Server } from '../proxy/http2-server.ts';

describeHttp2Adapter('attach() of the Express balancer', (cluster, options) => {
  const app = express();
  const balancer = balance(cluster, options);
  app.use(balancer);
  // For clients of HTTP/1.1; the types of Express know no other.
  const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, app as never);
  balancer.attach(server);
  return http2Server(server, balancer);
});

describe('attach() of the Express balancer', () => {
  it('leaves clients of HTTP/1.1 to Express, if it is told to', async () => {
    const endpoint = await rawServer(answer('from the endpoint'));
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const app = express();
    app.get('/', (_req, res) => void res.send('from Express'));
    const balancer = balance(cluster);
    const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, app as never);
    balancer.attach(server, { filter: (req) => req.httpVersionMajor === 2 });
    const { port, close } = await http2Server(server, balancer);
    closing({
      async [Symbol.asyncDispose]() {
        await close();
        await Promise.all([endpoint.close(), cluster.close()]);
      },
    });
    const request = https.get({ port, host: '127.0.0.1', ca: cert, servername: 'localhost', agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(response, 'end');
    assert.equal(String(Buffer.concat(chunks)), 'from Express');
    const client = await h2Client(port);
    assert.equal((await client.send('GET', '/').over()).body, 'from the endpoint');
    client.close();
  });
});
