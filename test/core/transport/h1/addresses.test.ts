/**
 * Where connections go: names, addresses of both families, Unix sockets, with and without TLS.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { closing } from '../../../closing.ts';
import { cooled, endpointAt, rig, server } from './rig.ts';

const fixture = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../../dispatch/fixtures', file), 'utf8');
const [cert, key] = [fixture('cert.pem'), fixture('key.pem')];

async function listening<T extends net.Server>(listener: T, options: net.ListenOptions): Promise<T> {
  await once(listener.listen(options), 'listening');
  closing({
    [Symbol.dispose]: () => {
      if ('closeAllConnections' in listener) (listener as unknown as http.Server).closeAllConnections();
      listener.close();
    },
  });
  return listener;
}

const portOf = (listener: net.Server): number => (listener.address() as AddressInfo).port;
const body = Buffer.alloc(200_000, '0123456789');

function echo(): http.RequestListener {
  return (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => res.setHeader('Seen', `${req.headers.host}`).end(Buffer.concat(chunks)));
  };
}

describe('an endpoint', () => {
  it('can have a name, and an address of IPv6', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const listener = await listening(http.createServer(echo()), { host, port: 0 });
      for (const name of host === '::1' ? ['[::1]'] : ['localhost', host]) {
        const origin = `http://${name}:${portOf(listener)}`;
        const hearing = await rig(origin).ask({ method: 'POST', body });
        assert.equal(hearing.body, body.toString('latin1'), origin);
        assert.equal(hearing.fields[1], `${name}:${portOf(listener)}`);
      }
    }
  });

  it('can be a Unix socket, with TLS too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    closing({ [Symbol.dispose]: () => rmSync(folder, { recursive: true }) });
    const [plain, secure] = [join(folder, 'plain'), join(folder, 'secure')];
    await listening(http.createServer(echo()), { path: plain });
    await listening(https.createServer({ cert, key }, echo()), { path: secure });
    const hearing = await rig(endpointAt('http://localhost', plain)).ask({ method: 'POST', body });
    assert.equal(hearing.body, body.toString('latin1'));
    assert.equal(hearing.fields[1], 'localhost');
    const options = { tls: { ca: cert } };
    const secured = await rig(endpointAt('https://localhost', secure), options).ask({ method: 'POST', body });
    assert.equal(secured.body, body.toString('latin1'), secured.error?.message);
  });

  it('that is no endpoint is a connection that failed', async () => {
    const hearing = await rig(endpointAt('http://localhost', '/nowhere/at/all')).ask();
    assert.equal(hearing.ending, 'connect-failed');
  });
});

describe('TLS', () => {
  it('is verified, by the name of the endpoint or the one that was set', async () => {
    const listener = await listening(https.createServer({ cert, key }, echo()), { host: '127.0.0.1', port: 0 });
    const origin = (host: string): string => `https://${host}:${portOf(listener)}`;
    const trusted = { tls: { ca: cert } };
    for (const host of ['localhost', '127.0.0.1']) {
      assert.equal((await rig(origin(host), trusted).ask({ method: 'POST', body })).body, body.toString('latin1'));
    }
    assert.equal((await rig(origin('localhost')).ask()).ending, 'connect-failed');
    const other = { tls: { ca: cert, servername: 'other.example' } };
    const refused = await rig(origin('localhost'), other).ask();
    assert.equal(refused.ending, 'connect-failed');
    assert.match(refused.error!.message, /other\.example/);
    const unverified = { tls: { rejectUnauthorized: false } };
    assert.equal((await rig(origin('localhost'), unverified).ask()).ending, 'whole');
  });

  it('names the endpoint, speaks HTTP/1.1, and goes on from the last session', async () => {
    const seen: [string, string | false | null, boolean][] = [];
    const listener = await listening(
      tls.createServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
        seen.push([String(socket.servername), socket.alpnProtocol, socket.isSessionReused()]);
        socket.on('error', () => undefined);
        socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nok'));
      }),
      { host: '127.0.0.1', port: 0 },
    );
    const { ask } = rig(`https://localhost:${portOf(listener)}`, { tls: { ca: cert } });
    for (let i = 0; i < 2; i++) {
      assert.equal((await ask()).body, 'ok');
      await cooled();
    }
    assert.deepEqual(seen, [
      ['localhost', 'http/1.1', false],
      ['localhost', 'http/1.1', true],
    ]);
  });

  it('comes after what has to come first, and the connection is used again', async () => {
    const secured = await listening(https.createServer({ cert, key }, echo()), { host: '127.0.0.1', port: 0 });
    const first: string[] = [];
    const preamble = Buffer.from('PROXY x\r\n');
    const listener = await listening(
      net.createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('readable', () => {
          first.push(String(socket.read(preamble.length)));
          secured.emit('connection', socket);
        });
      }),
      { host: '127.0.0.1', port: 0 },
    );
    const { ask } = rig(`https://localhost:${portOf(listener)}`, { tls: { ca: cert } });
    for (let i = 0; i < 2; i++) {
      const hearing = await ask({ method: 'POST', body, preamble });
      assert.equal(hearing.body, body.toString('latin1'), hearing.error?.message);
      await cooled();
    }
    assert.deepEqual(first, ['PROXY x\r\n']);
  });

  it('with options that Node cannot read is a connection that failed', async () => {
    const { url } = await server();
    const { ask } = rig(url.replace('http:', 'https:'), { tls: { cert: 'no certificate', key } });
    for (const preamble of [undefined, Buffer.from('x')]) {
      assert.equal((await ask({ preamble })).ending, 'connect-failed');
    }
  });

  it('carries an upgrade', async () => {
    const listener = await listening(https.createServer({ cert, key }), { host: '127.0.0.1', port: 0 });
    listener.on('upgrade', (_req, socket) => void socket.end('HTTP/1.1 101 Up\r\n\r\nhello'));
    const { socket } = await rig(`https://localhost:${portOf(listener)}`, { tls: { ca: cert } }).ask({ upgrade: 'x' });
    const [first] = (await once(socket!, 'data')) as [Buffer];
    assert.equal(String(first), 'hello');
    socket!.destroy();
  });
});
