import assert from 'node:assert/strict';
import { dnsResolver } from '@evenkeel/core';
import type { DnsResolverOptions } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { dnsServer } from './dns-server.ts';
import type { DnsServer } from './dns-server.ts';
import { rig } from './rig.ts';
import type { Rig } from './rig.ts';

async function asking(
  zone: DnsServer['zone'],
  options: Partial<DnsResolverOptions> = {},
): Promise<Rig & { readonly server: DnsServer }> {
  const server = closing(await dnsServer(zone));
  const resolver = dnsResolver({ name: 'api.test', port: 3000, servers: [server.address], ...options });
  return Object.assign(closing(rig(resolver)), { server });
}

describe('dnsResolver()', () => {
  it('gives an endpoint for each address, once each and in a stable order', async () => {
    const { next } = await asking({ 'api.test': { A: ['10.0.0.2', '10.0.0.1', '10.0.0.2'] } });
    assert.deepEqual(await next(), [{ url: 'http://10.0.0.1:3000' }, { url: 'http://10.0.0.2:3000' }]);
  });

  it('asks for IPv6 addresses and takes another scheme if told so', async () => {
    const { next } = await asking(
      { 'api.test': { AAAA: ['20010db8000000000000000000000001'] } },
      { family: 6, protocol: 'https', port: 443 },
    );
    assert.deepEqual(await next(), [{ url: 'https://[2001:db8::1]:443' }]);
  });

  it('asks again when the first of the records has lived its time, and a little later', async () => {
    const { next, clock, server } = await asking({ 'api.test': { A: ['10.0.0.1'], ttl: 60 } });
    await next();
    server.zone = { 'api.test': { A: ['10.0.0.9'], ttl: 60 } };
    const second = next();
    clock.advance(62_999);
    assert.equal(clock.pending, 1);
    clock.advance(1);
    assert.equal(clock.pending, 0);
    assert.deepEqual(await second, [{ url: 'http://10.0.0.9:3000' }]);
    assert.deepEqual(server.questions, ['A api.test', 'A api.test']);
  });

  for (const [ttl, afterMs] of [
    [0, 5_250],
    [43_200, 315_000],
  ] as const) {
    it(`asks again after ${afterMs} ms if the time to live is ${ttl} s`, async () => {
      const { next, clock } = await asking({ 'api.test': { A: ['10.0.0.1'], ttl } });
      await next();
      const second = next();
      clock.advance(afterMs - 1);
      assert.equal(clock.pending, 1);
      clock.advance(1);
      await second;
    });
  }

  for (const [what, entry, code] of [
    ['there is no such name', undefined, 'ENOTFOUND'],
    ['the name has no address', { A: [] }, 'ENODATA'],
    ['the server fails', 'servfail', 'ESERVFAIL'],
    ['the answer is cut short', 'garbage', 'EBADRESP'],
  ] as const) {
    it(`throws if ${what}`, async () => {
      const { next } = await asking(entry === undefined ? {} : { 'api.test': entry });
      await assert.rejects(next(), { code });
    });
  }

  it('gives up a question when it is told to stop', async () => {
    const rigged = await asking({ 'api.test': 'silence' });
    const set = rigged.next();
    while (rigged.server.questions.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([rigged[Symbol.asyncDispose](), assert.rejects(set, { code: 'ECANCELLED' })]);
  });

  for (const [options, message] of [
    [{ name: '' }, /`name` must be a DNS name/],
    [{ name: 'http://api.test' }, /`name` must be a DNS name/],
    [{ port: 0 }, /`port` must be an integer from 1 to 65535, got 0/],
    [{ family: 5 }, /`family` must be 4 or 6, got 5/],
    [{ servers: [] }, /`servers` must be at least one server/],
    [{ servers: ['ns.test'] }, /`servers\[0\]` must be an IP address, with a port if need be, got "ns.test"/],
    [{ minTtlMs: 10_000, maxTtlMs: 5_000 }, /`maxTtlMs` must be at least `minTtlMs`/],
    [{ ttlMs: 1 }, /`ttlMs` is not a known option/],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const given = { name: 'api.test', port: 80, ...options } as DnsResolverOptions;
      assert.throws(() => dnsResolver(given), { code: 'INVALID_OPTIONS', message });
    });
  }

  it('keeps to a longest time that is given by the shortest one', () => {
    assert.doesNotThrow(() => dnsResolver({ name: 'api.test', port: 80, minTtlMs: 600_000 }));
  });
});
