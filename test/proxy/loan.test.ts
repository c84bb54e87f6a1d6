import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { turn, until } from '../conformance/wire.ts';

const SIZE = 6_000_000;
const MEDIUM = 16_384;

/** A body in which every byte tells where it is, and whose. */
function patterned(seed: number, size = SIZE): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8) * 13 + seed * 31) % 251));
}

const BODIES = [1, 2, 3, 4].map((seed) => patterned(seed));

/** A proxy before an endpoint, with whatever goes before the proxy. */
async function rig(
  answer: http.RequestListener,
  test: (front: http.Server, port: number) => Promise<void>,
  before: http.RequestListener = () => undefined,
): Promise<void> {
  const endpoint = http.createServer(answer);
  await once(endpoint.listen(0, '127.0.0.1'), 'listening');
  const cluster = createCluster({ endpoints: [`http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`] });
  const proxy = createProxy(cluster);
  const front = http.createServer((req, res) => {
    before(req, res);
    proxy.web(req, res);
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  try {
    await test(front, (front.address() as AddressInfo).port);
  } finally {
    await cluster.close();
    for (const server of [front, endpoint]) {
      server.closeAllConnections();
      server.close();
    }
  }
}

/** Answers `/n` with a body that only `n` gets. */
function answerMedium(req: http.IncomingMessage, res: http.ServerResponse): void {
  res.writeHead(200, { 'content-length': MEDIUM }).end(patterned(Number(req.url!.slice(1)), MEDIUM));
}

function head(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

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
    const answer: http.RequestListener = (req, res) => {
      res.writeHead(200, { 'content-length': SIZE }).end(BODIES[Number(req.url!.slice(1))]);
    };
    await rig(answer, async (_front, port) => {
      const reads = [0, 1, 2, 3, 0, 1, 2, 3].map(async (i) => {
        assert.equal(digest(await readSlowly(port, `/${i}`)), digest(BODIES[i]!), `body ${i}`);
      });
      await Promise.all(reads);
    });
  });
});

describe('bodies that come in one piece, on loan', () => {
  /** Asks for each of `paths` on one connection, one after the other. */
  async function readAll(port: number, paths: readonly number[]): Promise<void> {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    for (const path of paths) {
      socket.write(head(`/${path}`));
      let end = -1;
      await until(() => (end = received.indexOf('\r\n\r\n')) >= 0 && received.length >= end + 4 + MEDIUM);
      assert.ok(received.subarray(end + 4).equals(patterned(path, MEDIUM)), `body ${path}`);
      received = Buffer.alloc(0);
    }
    socket.destroy();
  }

  it('arrive whole, many at a time', async () => {
    await rig(answerMedium, async (_front, port) => {
      const clients = Array.from({ length: 20 }, (_, client) => Array.from({ length: 20 }, (__, i) => 20 * client + i));
      await Promise.all(clients.map((paths) => readAll(port, paths)));
    });
  });

  it('stay as they are while a client does not read, whatever others ask for', async () => {
    let finished = 0;
    const sockets: net.Socket[] = [];
    const watch: http.RequestListener = (req, res) => {
      if (sockets.length === 0) sockets.push(req.socket);
      if (req.socket === sockets[0]) res.on('finish', () => finished++);
    };
    const test = async (_front: http.Server, port: number): Promise<void> => {
      const stuck = net.connect({ port, host: '127.0.0.1' });
      let asked = 0;
      // Until the system takes no more.
      for (; (sockets[0]?.writableLength ?? 0) === 0; asked++) {
        stuck.write(head(`/${asked}`));
        await until(() => finished > asked || (sockets[0]?.writableLength ?? 0) > 0);
      }
      await Promise.all(
        [1_000, 2_000].map((from) =>
          readAll(
            port,
            Array.from({ length: 50 }, (_, i) => from + i),
          ),
        ),
      );
      assert.equal(finished, asked - 1);
      const chunks: Buffer[] = [];
      stuck.end();
      for await (const chunk of stuck as AsyncIterable<Buffer>) chunks.push(chunk);
      let received = Buffer.concat(chunks);
      for (let path = 0; path < asked; path++) {
        const start = received.indexOf('\r\n\r\n') + 4;
        assert.ok(received.subarray(start, start + MEDIUM).equals(patterned(path, MEDIUM)), `body ${path} of ${asked}`);
        received = received.subarray(start + MEDIUM);
      }
    };
    await rig(answerMedium, test, watch);
  });

  it('are copied for whoever keeps them until the end of the response is let go', async () => {
    const letGo: (() => void)[] = [];
    const holdEnd: http.RequestListener = (req, res) => {
      if (req.headers['x-held'] === undefined) return;
      const end = res.end.bind(res);
      res.end = ((...given: Parameters<typeof end>) => void letGo.push(() => end(...given))) as never;
    };
    const test = async (_front: http.Server, port: number): Promise<void> => {
      await readAll(port, [1, 2, 3]);
      const held = net.connect({ port, host: '127.0.0.1' });
      let received = Buffer.alloc(0);
      held.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
      held.write(head('/4').replace('\r\n\r\n', '\r\nX-Held: 1\r\n\r\n'));
      await until(() => letGo.length === 1);
      await readAll(port, [5, 6, 7]);
      letGo[0]!();
      await until(() => received.length > MEDIUM);
      assert.ok(received.subarray(received.indexOf('\r\n\r\n') + 4).equals(patterned(4, MEDIUM)));
      held.destroy();
    };
    await rig(answerMedium, test, holdEnd);
  });
});
