import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { turn } from '../conformance/wire.ts';

const SIZE = 6_000_000;

/** A body in which every byte tells where it is, and whose. */
function patterned(seed: number): Buffer {
  return Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8) * 13 + seed * 31) % 251));
}

const BODIES = [1, 2, 3, 4].map(patterned);

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads the body of `path` with a rest now and then, so that what the proxy writes is often taken in part. */
async function readSlowly(port: number, path: string): Promise<Buffer> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    for (let rest = chunks.length % 7; rest > 0; rest--) await turn();
  }
  const all = Buffer.concat(chunks);
  return all.subarray(all.indexOf('\r\n\r\n') + 4);
}

describe('long bodies on loan', () => {
  it('arrive whole at clients that read slowly, many at a time', async () => {
    const endpoint = http.createServer((req, res) => {
      res.writeHead(200, { 'content-length': SIZE }).end(BODIES[Number(req.url!.slice(1))]);
    });
    await once(endpoint.listen(0, '127.0.0.1'), 'listening');
    const cluster = createCluster({ endpoints: [`http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`] });
    const proxy = createProxy(cluster);
    const front = http.createServer((req, res) => proxy.web(req, res));
    await once(front.listen(0, '127.0.0.1'), 'listening');
    const { port } = front.address() as AddressInfo;
    try {
      const reads = [0, 1, 2, 3, 0, 1, 2, 3].map(async (i) => {
        assert.equal(digest(await readSlowly(port, `/${i}`)), digest(BODIES[i]!), `body ${i}`);
      });
      await Promise.all(reads);
    } finally {
      await cluster.close();
      for (const server of [front, endpoint]) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});
