import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableOptions } from 'node:stream';

const MIB = 2 ** 20;
/** The whole of it takes half a minute: `EVENKEEL_FAULTS=full`. */
const SIZE = process.env['EVENKEEL_FAULTS'] === 'full' ? 1_024 * MIB : 96 * MIB;
/** What a process takes once, for its code, its buffers and the garbage that V8 leaves lying for a while, is not what a body takes. */
const WARM_UP = SIZE / 4;
const BLOCK = Buffer.alloc(64 * 1_024, 'x');

/** So many bytes, made as they are asked for. */
function bytes(size: number): Readable {
  let left = size;
  const read: ReadableOptions['read'] = function (this: Readable) {
    const block = left >= BLOCK.length ? BLOCK : BLOCK.subarray(0, left);
    left -= block.length;
    this.push(block.length === 0 ? null : block);
  };
  return new Readable({ read });
}

/** Reads all, with a rest after every 2 MiB. */
async function readSlowly(source: Readable): Promise<number> {
  let read = 0;
  let since = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    read += chunk.length;
    since += chunk.length;
    if (since < 2 * MIB) continue;
    since = 0;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return read;
}

async function asked(port: number, method: 'GET' | 'POST', size: number): Promise<http.IncomingMessage> {
  const headers = method === 'GET' ? {} : { 'content-length': size };
  const request = http.request({ host: '127.0.0.1', port, path: `/${size}`, method, headers, agent: false });
  if (method === 'GET') request.end();
  else bytes(size).pipe(request);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

describe('a body that is longer than memory should hold', () => {
  it('passes both ways at the pace of a slow reader, in less than 32 MiB', async () => {
    const endpoint = http.createServer((req, res) => {
      if (req.method === 'GET') {
        const size = Number(req.url!.slice(1));
        res.writeHead(200, { 'content-length': size });
        bytes(size).pipe(res);
      } else void readSlowly(req).then((read) => res.end(String(read)));
    });
    await once(endpoint.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
    const child = fork(join(import.meta.dirname, 'fixtures/gigabyte-proxy.ts'), [url]);
    try {
      const [port] = (await once(child, 'message')) as [number];
      const growth = async (): Promise<number> => {
        child.send('growth');
        return ((await once(child, 'message')) as [number])[0];
      };
      await readSlowly(await asked(port, 'GET', WARM_UP));
      await readSlowly(await asked(port, 'POST', WARM_UP));
      await growth();
      assert.equal(await readSlowly(await asked(port, 'GET', SIZE)), SIZE);
      const down = await growth();
      const answer = await asked(port, 'POST', SIZE);
      assert.equal(
        await answer
          .setEncoding('utf8')
          .toArray()
          .then((parts) => parts.join('')),
        String(SIZE),
      );
      const up = await growth();
      assert.ok(down < 32 && up < 32, `${down.toFixed(1)} MiB for a body down, ${up.toFixed(1)} MiB for one up`);
    } finally {
      child.kill('SIGKILL');
      endpoint.closeAllConnections();
      endpoint.close();
    }
  }).timeout(240_000);
});
