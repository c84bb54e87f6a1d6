import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { acceptProxyProtocol, createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';
import { closing } from '../../closing.ts';
import { rawClient, rawServer } from '../../conformance/wire.ts';
import { V1, V2 } from './heads.ts';
import { listening } from './servers.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.99\r\n\r\n';

/** A proxy, and what it asks its cluster to begin connections with. */
async function proxied(options: ProxyOptions): Promise<{ server: http.Server; preambles: (Buffer | undefined)[] }> {
  const endpoint = await rawServer();
  closing({ [Symbol.asyncDispose]: () => endpoint.close() });
  const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
  const preambles: (Buffer | undefined)[] = [];
  const watched = Object.create(cluster, {
    exchange: {
      value: ((request, sink) => {
        preambles.push(request.preamble);
        // What the wire makes of it is the transport's matter.
        Object.assign(request, { preamble: undefined });
        return cluster.exchange(request, sink);
      }) satisfies Cluster['exchange'],
    },
  }) as Cluster;
  const proxy = createProxy(watched, options);
  return { server: http.createServer((req, res) => proxy.web(req, res)), preambles };
}

describe('sendProxyProtocol', () => {
  it("is the client's connection, once per connection", async () => {
    for (const version of [1, 2] as const) {
      const { server, preambles } = await proxied({ sendProxyProtocol: version, trustedProxies: ['127.0.0.1'] });
      const port = await listening(server);
      const client = await rawClient(port);
      for (let request = 0; request < 2; request++) {
        client.write(GET);
        await client.response();
      }
      const { localPort } = client.socket;
      const [first, second] = preambles;
      if (version === 1) assert.equal(first!.toString(), `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${port}\r\n`);
      else assert.equal(first!.readUInt16BE(24), localPort);
      assert.equal(second, first, 'made anew for the second request');
      client.socket.destroy();
    }
  });

  it('passes on what a PROXY head has told about the connection', async () => {
    for (const [given, version, expected] of [
      [V1, 2, V2],
      [V2, 1, V1],
    ] as const) {
      const { server, preambles } = await proxied({ sendProxyProtocol: version });
      acceptProxyProtocol(server, { from: ['127.0.0.1'] });
      const client = await rawClient(await listening(server));
      client.write(given.toString('latin1') + GET);
      await client.response();
      assert.deepEqual(preambles, [expected]);
      client.socket.destroy();
    }
  });

  it('names nobody where the client came over a Unix socket', async () => {
    const { server, preambles } = await proxied({ sendProxyProtocol: 1 });
    const path = join(tmpdir(), `evenkeel-${process.pid}.sock`);
    await once(server.listen(path), 'listening');
    const client = net.connect(path);
    client.write(GET);
    await once(client, 'data');
    client.destroy();
    server.close();
    await once(server, 'close');
    assert.deepEqual(preambles.map(String), ['PROXY UNKNOWN\r\n']);
  });

  it('is off by default, and takes 1 or 2', async () => {
    const { server, preambles } = await proxied({});
    const client = await rawClient(await listening(server));
    client.write(GET);
    await client.response();
    client.socket.destroy();
    assert.deepEqual(preambles, [undefined]);
    await assert.rejects(proxied({ sendProxyProtocol: 3 as 1 }), /`sendProxyProtocol` must be 1 or 2, got 3/);
  });
});
