/**
 * The proxy in servers of HTTP/2: over TLS, where clients of HTTP/1.1 may come, too, and in the clear.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { ServerHttp2Session } from 'node:http2';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { Proxy } from '@evenkeel/proxy';
import { closing } from '../closing.ts';
import { describeHttp2Adapter } from '../conformance/adapter-http2.ts';
import { cert, h2Client, key } from '../conformance/http2-client.ts';
import { answer, rawServer, until } from '../conformance/wire.ts';
import type { RawHandler, RawServer } from '../conformance/wire.ts';
import { http2Server } from './http2-server.ts';

describeHttp2Adapter('bare node:http2 with TLS', (cluster, options) => {
  const proxy = createProxy(cluster, options);
  const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, (req, res) => {
    proxy.web(req as never, res as never);
  });
  server.on('checkContinue', (req, res) => proxy.checkContinue(req as never, res as never));
  return http2Server(server, proxy);
});

describeHttp2Adapter(
  'bare node:http2 in the clear',
  (cluster, options) => {
    const proxy = createProxy(cluster, options);
    const server = http2.createServer();
    proxy.attach(server);
    return http2Server(server, proxy);
  },
  { isSecure: false },
);

interface Stage {
  readonly proxy: Proxy;
  readonly port: number;
  readonly endpoint: RawServer;
  readonly sessions: ServerHttp2Session[];
}

async function stage(handler: RawHandler): Promise<Stage> {
  const endpoint = await rawServer(handler);
  const cluster = createCluster({ endpoints: [endpoint.url] });
  const proxy = createProxy(cluster);
  const server = http2.createSecureServer({ cert, key, allowHTTP1: true });
  proxy.attach(server);
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  const { port, close } = await http2Server(server, proxy);
  closing({
    async [Symbol.asyncDispose]() {
      await close();
      await Promise.all([endpoint.close(), cluster.close()]);
    },
  });
  return { proxy, port, endpoint, sessions };
}

describe('the proxy in a server of HTTP/2', () => {
  it('serves clients of HTTP/1.1 on the same port', async () => {
    const { port, endpoint } = await stage(answer('ok'));
    const request = https.get({ port, host: '127.0.0.1', ca: cert, servername: 'localhost', agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    assert.deepEqual([response.statusCode, response.httpVersion], [200, '1.1']);
    assert.match(endpoint.received, /\r\nVia: 1\.1 evenkeel-/);
  });

  it('goes away when it is closed, after what is under way', async () => {
    let finish: (() => void) | undefined;
    const { proxy, port } = await stage((message, socket) => {
      if (message.start.includes('/slow')) finish = () => answer('slow')(message, socket);
      else answer('ok')(message, socket);
    });
    const client = await h2Client(port);
    const slow = client.send('GET', '/slow');
    await until(() => finish !== undefined);
    const closed = proxy.close();
    const refused = await client.send('GET', '/').over();
    assert.deepEqual([refused.status, JSON.parse(refused.body).code], [503, 'CLOSED']);
    await until(() => client.goaway !== undefined);
    assert.equal(client.goaway, http2.constants.NGHTTP2_NO_ERROR);
    finish!();
    assert.equal((await slow.over()).body, 'slow');
    await closed;
    client.close();
  });

  it('counts a HEAD that its client has reset as over', async () => {
    const { proxy, port, endpoint } = await stage(() => undefined);
    const client = await h2Client(port);
    const { stream } = client.send('HEAD', '/');
    await until(() => endpoint.requests.length === 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => endpoint.open === 0);
    await proxy.close();
    client.close();
  });

  it('sends what middleware has put on the response, but for what HTTP/2 has no place for', async () => {
    const endpoint = await rawServer(answer('ok', ['Set-Cookie: b=2', 'X-Both: endpoint', 'Vary: b']));
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const seen: string[] = [];
    const server = http2.createSecureServer({ cert, key }, (req, res) => {
      res.setHeader('set-cookie', 'a=1');
      res.setHeader('x-both', 'middleware');
      res.setHeader('vary', 'a');
      res.setHeader('keep-alive', 'timeout=5');
      res.setHeader('content-type', ['text/a', 'text/b']);
      if (req.url === '/late') {
        const writeHead = res.writeHead.bind(res);
        res.writeHead = (status: number) => {
          seen.push(`${status}`);
          res.setHeader('x-late', '1');
          return writeHead(status);
        };
      }
      if (req.url === '/throws') {
        res.writeHead = () => {
          throw new Error('the middleware is broken');
        };
      }
      proxy.web(req as never, res as never);
    });
    const { port, close } = await http2Server(server, proxy);
    closing({
      async [Symbol.asyncDispose]() {
        await close();
        await Promise.all([endpoint.close(), cluster.close()]);
      },
    });
    const client = await h2Client(port);
    const response = await client.send('GET', '/').over();
    assert.deepEqual(response.values('set-cookie'), ['a=1', 'b=2']);
    assert.deepEqual(response.values('vary'), ['a', 'b']);
    assert.deepEqual(response.values('x-both'), ['endpoint']);
    assert.deepEqual(response.values('content-type'), ['text/a, text/b']);
    assert.deepEqual(response.values('keep-alive'), []);
    const late = await client.send('GET', '/late').over();
    assert.deepEqual([late.values('x-late'), seen, late.body], [['1'], ['200'], 'ok']);
    client.close();
  });
});
