/**
 * Clusters that find their endpoints by themselves: real names, real files, real servers.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCluster, dnsResolver, fileResolver, srvResolver } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import type { ManualClock } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';
import { upstream } from '../dispatch/upstream.ts';
import { dnsServer } from './dns-server.ts';

const SERVICE = '_http._tcp.shop.test';

/** Lets time pass until the cluster tells of something, and gives what it tells. */
async function told(cluster: Cluster, clock: ManualClock, event: 'resolveFailed' | 'added' | 'removed') {
  let what: unknown;
  cluster.on(event, (about) => (what = about));
  while (what === undefined) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return what;
}

/** Runs a module and gives what it printed; rejects if it ends with another code than 0, as an unsettled await makes it. */
async function run(body: string): Promise<string> {
  const source = `import { createCluster, dnsResolver, fileResolver } from '@evenkeel/core';\n${body}`;
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return stdout.trim();
}

describe('discovery', () => {
  it('sends requests to what a name server says, and still does when that says nothing any more', async () => {
    const api = closing(await upstream((_req, res) => void res.end('found')));
    const server = closing(await dnsServer({ 'api.test': { A: ['127.0.0.1'] } }));
    const endpoints = dnsResolver({ name: 'api.test', port: api.port, servers: [server.address] });
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints, clock }));
    await cluster.ready();
    assert.equal(await (await cluster.request('/')).text(), 'found');
    server.zone = {};
    assert.equal(((await told(cluster, clock, 'resolveFailed')) as { code: string }).code, 'ENOTFOUND');
    assert.equal(await (await cluster.request('/')).text(), 'found');
    server.zone = { 'api.test': { A: ['127.0.0.1', '127.0.0.2'] } };
    await told(cluster, clock, 'added');
    assert.equal(cluster.endpoints.length, 2);
  });

  it('follows a service to another port', async () => {
    const [one, two] = [
      closing(await upstream((_req, res) => void res.end('one'))),
      closing(await upstream((_req, res) => void res.end('two'))),
    ];
    const at = (port: number) => ({
      [SERVICE]: { SRV: [{ priority: 0, weight: 0, port, target: 'a.test' }] },
      'a.test': { A: ['127.0.0.1'] },
    });
    const server = closing(await dnsServer(at(one.port)));
    const endpoints = srvResolver({ service: SERVICE, servers: [server.address] });
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints, clock }));
    await cluster.ready();
    assert.equal(await (await cluster.request('/')).text(), 'one');
    server.zone = at(two.port);
    await told(cluster, clock, 'removed');
    assert.equal(await (await cluster.request('/')).text(), 'two');
  });

  it('follows a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-'));
    closing({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
    const path = join(folder, 'endpoints.json');
    await writeFile(path, '["http://127.0.0.1:1"]');
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: fileResolver({ path }), clock }));
    await cluster.ready();
    await writeFile(`${path}.new`, '["http://127.0.0.1:2"]');
    await rename(`${path}.new`, path);
    await told(cluster, clock, 'removed');
    assert.deepEqual(
      cluster.endpoints.map(({ id }) => id),
      ['http://127.0.0.1:2'],
    );
  });

  it('holds addresses against the certificate of the name, if that is given, and refuses them otherwise', async () => {
    const read = (file: string): string =>
      readFileSync(join(import.meta.dirname, '..', 'dispatch', 'fixtures', file), 'utf8');
    const [cert, key] = [read('cert.pem'), read('key.pem')];
    const api = https.createServer({ cert, key }, (_req, res) => void res.end('secret'));
    await once(api.listen(0, '127.0.0.2'), 'listening');
    closing({
      [Symbol.dispose]() {
        api.closeAllConnections();
        api.close();
      },
    });
    const { port } = api.address() as AddressInfo;
    const server = closing(await dnsServer({ 'api.test': { A: ['127.0.0.2'] } }));
    const endpoints = dnsResolver({ name: 'api.test', port, protocol: 'https', servers: [server.address] });
    const named = closing(createCluster({ endpoints, tls: { ca: cert, servername: 'localhost' } }));
    await named.ready();
    assert.equal(await (await named.request('/')).text(), 'secret');
    const unnamed = closing(createCluster({ endpoints, tls: { ca: cert } }));
    await unnamed.ready();
    await assert.rejects(unnamed.request('/'), { code: 'CONNECT_FAILED' });
  });

  it('does not hold the process, unless somebody waits for the first set', async () => {
    const server = closing(await dnsServer({ 'api.test': { A: ['127.0.0.1'], ttl: 3_600 } }));
    const name = `name: 'api.test', port: 80, servers: ['${server.address}']`;
    assert.equal(
      await run(`
        const cluster = createCluster({ endpoints: dnsResolver({ ${name} }) });
        createCluster({ endpoints: fileResolver({ path: 'none.json' }) });
        await cluster.ready();
        console.log(cluster.endpoints[0].id);
      `),
      'http://127.0.0.1',
    );
    assert.equal(
      await run(`
        const endpoints = {
          name: 'slow',
          async *resolve(io) { await io.sleep(20); yield ['http://late']; },
        };
        const cluster = createCluster({ endpoints });
        await cluster.ready();
        console.log(cluster.endpoints[0].id);
      `),
      'http://late',
    );
  });
});
