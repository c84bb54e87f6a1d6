import assert from 'node:assert/strict';
import http from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { createGunzip, createGzip } from 'node:zlib';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';

/** What the `compression` middleware does: the body goes through gzip, and so does whoever waits for `drain`. */
function compress(res: ServerResponse): void {
  const gzip = createGzip();
  const { write, end, on } = res;
  gzip.on('data', (chunk: Buffer) => void (Reflect.apply(write, res, [chunk]) || gzip.pause()));
  gzip.on('end', () => void Reflect.apply(end, res, []));
  res.on('drain', () => void gzip.resume());
  Object.assign(res, {
    write: (chunk: Buffer | string) => gzip.write(chunk),
    end: () => void gzip.end(),
    on: (event: string, listener: () => void) =>
      event === 'drain' ? gzip.on(event, listener) : Reflect.apply(on, res, [event, listener]),
  });
}

async function listening(handler: http.RequestListener): Promise<http.Server> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a proxy behind middleware that compresses', () => {
  it('passes a long body on as fast as the compressor takes it', async () => {
    const piece = Buffer.alloc(65_536, 'evenkeel');
    const endpoint = await listening(async (_req, res) => {
      for (let i = 0; i < 32; i++) if (!res.write(piece)) await once(res, 'drain');
      res.end();
    });
    const cluster = createCluster({ endpoints: [urlOf(endpoint)] });
    const proxy = createProxy(cluster);
    const front = await listening((req, res) => {
      compress(res);
      proxy.web(req, res);
    });
    const [response] = (await once(http.get(urlOf(front)), 'response')) as [http.IncomingMessage];
    assert.equal((await buffer(response.pipe(createGunzip()))).length, 32 * piece.length);
    for (const server of [front, endpoint]) {
      server.closeAllConnections();
      server.close();
    }
    await cluster.close();
  });
});
