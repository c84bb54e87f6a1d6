import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createCluster, httpProbe } from '@evenkeel/core';
import { closing } from '../../closing.ts';

const read = (file: string): string => readFileSync(join(import.meta.dirname, 'fixtures', file), 'utf8');
// Made for these tests: `openssl req -x509 -nodes -days 36500` with DNS:localhost and IP:127.0.0.1 as its names.
const [cert, key] = [read('cert.pem'), read('key.pem')];

describe('TLS towards endpoints', () => {
  let server: https.Server;
  let url: string;
  before(async () => {
    server = https.createServer({ cert, key }, (req, res) => void res.end(`${req.httpVersion} ${req.url}`));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('refuses a certificate that nobody vouches for', async () => {
    const cluster = closing(createCluster({ endpoints: [url] }));
    await assert.rejects(cluster.request('/'), { code: 'CONNECT_FAILED' });
  });

  it('trusts the authority it is given, for requests and probes alike', async () => {
    const cluster = closing(
      createCluster({
        endpoints: [url],
        tls: { ca: cert },
        probe: httpProbe({ intervalMs: 10, timeoutMs: 5_000, rise: 1, fall: 1 }),
        panicPercent: 0,
      }),
    );
    assert.equal(await (await cluster.request('/x')).text(), '1.1 /x');
    assert.equal(cluster.pickable, 1);
    await once(server, 'request');
    await once(server, 'request');
    assert.equal(cluster.pickable, 1);
  });

  it('checks the name as well', async () => {
    const cluster = closing(createCluster({ endpoints: [url], tls: { ca: cert, servername: 'other.example' } }));
    await assert.rejects(cluster.request('/'), { code: 'CONNECT_FAILED' });
  });
});
