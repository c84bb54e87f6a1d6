import assert from 'node:assert/strict';
import { srvResolver } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { dnsServer } from './dns-server.ts';
import type { DnsServer, Service } from './dns-server.ts';
import { rig } from './rig.ts';
import type { Rig } from './rig.ts';

const SERVICE = '_http._tcp.shop.test';

async function asking(zone: DnsServer['zone']): Promise<Rig & { readonly server: DnsServer }> {
  const server = closing(await dnsServer(zone));
  return Object.assign(closing(rig(srvResolver({ service: SERVICE, servers: [server.address] }))), { server });
}

function target(name: string, options: Partial<Service> = {}): Service {
  return { priority: 10, weight: 1, port: 8080, target: name, ...options };
}

describe('srvResolver()', () => {
  it('takes ports and weights from the records, and ranks their priorities', async () => {
    const { next } = await asking({
      [SERVICE]: {
        SRV: [
          target('c.test', { priority: 500, weight: 3 }),
          target('a.test', { weight: 0, port: 8081 }),
          target('b.test', { weight: 7 }),
        ],
      },
      'a.test': { A: ['10.0.0.1'] },
      'b.test': { A: ['10.0.0.2'] },
      'c.test': { A: ['10.0.0.3'] },
    });
    assert.deepEqual(await next(), [
      { id: 'a.test:8081', url: 'http://10.0.0.1:8081', priority: 0, weight: 1 },
      { id: 'b.test:8080', url: 'http://10.0.0.2:8080', priority: 0, weight: 7 },
      { id: 'c.test:8080', url: 'http://10.0.0.3:8080', priority: 1, weight: 3 },
    ]);
  });

  it('gives an endpoint for each address of a target, each with its own id', async () => {
    const { next } = await asking({
      [SERVICE]: { SRV: [target('a.test'), target('a.test', { priority: 20 })] },
      'a.test': { A: ['10.0.0.2', '10.0.0.1'] },
    });
    assert.deepEqual(await next(), [
      { id: 'a.test:8080/10.0.0.1', url: 'http://10.0.0.1:8080', priority: 0, weight: 1 },
      { id: 'a.test:8080/10.0.0.2', url: 'http://10.0.0.2:8080', priority: 0, weight: 1 },
    ]);
  });

  it('leaves out a target without an address and keeps one whose server fails', async () => {
    const { next, clock, failures, server } = await asking({
      [SERVICE]: { SRV: [target('a.test'), target('b.test'), target('c.test')] },
      'a.test': { A: ['10.0.0.1'] },
      'b.test': { A: ['10.0.0.2'] },
      'c.test': { A: ['10.0.0.3'] },
    });
    assert.equal((await next()).length, 3);
    server.zone = {
      [SERVICE]: { SRV: [target('a.test'), target('b.test'), target('c.test')] },
      'a.test': { A: ['10.0.0.9'] },
      'b.test': 'servfail',
    };
    const second = next();
    clock.advance(31_499);
    assert.equal(clock.pending, 1);
    clock.advance(1);
    assert.deepEqual(
      (await second).map((endpoint) => (typeof endpoint === 'string' ? endpoint : endpoint.url)),
      ['http://10.0.0.9:8080', 'http://10.0.0.2:8080'],
    );
    assert.deepEqual(failures.map((error) => (error as { code: string }).code).toSorted(), ['ENOTFOUND', 'ESERVFAIL']);
  });

  it('knows that the root as a target means that the service is not there', async () => {
    const { next, server } = await asking({ [SERVICE]: { SRV: [target('')] } });
    assert.deepEqual(await next(), []);
    assert.deepEqual(server.questions, [`SRV ${SERVICE}`]);
  });

  it('throws if there is no such service', async () => {
    await assert.rejects((await asking({})).next(), { code: 'ENOTFOUND' });
  });

  it('refuses options that it does not know', () => {
    assert.throws(() => srvResolver({ service: SERVICE, port: 80 } as never), { code: 'INVALID_OPTIONS' });
  });
});
