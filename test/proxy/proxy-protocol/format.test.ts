import assert from 'node:assert/strict';
import fc from 'fast-check';
import { proxyHeader } from '../../../packages/proxy/src/proxy-protocol/format.ts';
import type { ProxyProtocolVersion } from '../../../packages/proxy/src/proxy-protocol/format.ts';
import { canonicalIp } from '../../../packages/proxy/src/proxy-protocol/ip.ts';
import { parseProxyHead } from '../../../packages/proxy/src/proxy-protocol/parse.ts';
import { V1, V2 } from './heads.ts';

const client = { address: '203.0.113.7', port: 4711 };
const us = { address: '198.51.100.1', port: 443 };
const client6 = { address: '2001:db8::1', port: 4711 };
const us6 = { address: 'fe80::2', port: 443 };
const unix = { address: undefined, port: undefined };

const text = (source: typeof client, destination: typeof client): string =>
  proxyHeader(1, { source, destination }).toString('latin1');
const hex = (source: typeof client, destination: typeof client): string =>
  proxyHeader(2, { source, destination }).toString('hex').slice('0d0a0d0a000d0a515549540a'.length);

/** Hexadecimal digits without the spaces between them. */
function bare(digits: string): string {
  return digits.replaceAll(' ', '');
}

describe('proxyHeader', () => {
  it('writes IPv4', () => {
    assert.deepEqual(proxyHeader(1, { source: client, destination: us }), V1);
    assert.deepEqual(proxyHeader(2, { source: client, destination: us }), V2);
    assert.equal(hex(client, us), bare('2111000c cb007107 c6336401 1267 01bb'));
  });

  it('writes IPv6', () => {
    assert.equal(text(client6, us6), 'PROXY TCP6 2001:db8::1 fe80::2 4711 443\r\n');
    const ends = bare('20010db8000000000000000000000001 fe800000000000000000000000000002 1267 01bb');
    assert.equal(hex(client6, us6), '21210024' + ends);
    assert.equal(
      text({ ...client6, address: '::' }, { ...us6, address: 'fe80::2%eth0' }),
      'PROXY TCP6 :: fe80::2 4711 443\r\n',
    );
  });

  it('takes IPv4 in IPv6 for IPv4, and tells two families as IPv6', () => {
    const mapped = { ...client, address: '::ffff:203.0.113.7' };
    assert.equal(text(mapped, us), V1.toString());
    assert.equal(text(client, us6), 'PROXY TCP6 ::ffff:203.0.113.7 fe80::2 4711 443\r\n');
    const ends = bare('00000000000000000000ffffcb007107 fe800000000000000000000000000002 1267 01bb');
    assert.equal(hex(client, us6), '21210024' + ends);
  });

  it('says nothing of an end that is not known', () => {
    const strange = [
      unix,
      { address: 'unknown', port: 1 },
      { ...client, port: undefined },
      { ...client, port: 65_536 },
    ];
    for (const end of strange) {
      for (const ends of [
        { source: end, destination: us },
        { source: client, destination: end },
      ]) {
        assert.equal(proxyHeader(1, ends).toString(), 'PROXY UNKNOWN\r\n');
        assert.equal(proxyHeader(2, ends).toString('hex'), bare('0d0a0d0a000d0a515549540a 20000000'));
      }
    }
  });

  it('writes what parseProxyHead reads, whatever the addresses', () => {
    const end = fc.record({ address: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.integer({ min: 0, max: 65_535 }) });
    fc.assert(
      fc.property(fc.constantFrom<ProxyProtocolVersion>(1, 2), end, end, (version, source, destination) => {
        const head = proxyHeader(version, { source, destination });
        const parse = parseProxyHead(head);
        assert(parse.kind === 'head', head.toString('latin1'));
        assert.equal(parse.byteLength, head.length);
        assert.deepEqual(parse.source, { ...source, address: canonicalIp(source.address) });
        assert.deepEqual(parse.destination, { ...destination, address: canonicalIp(destination.address) });
      }),
      { numRuns: 2_000 },
    );
  });
});
