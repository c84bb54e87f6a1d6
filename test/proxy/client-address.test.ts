import assert from 'node:assert/strict';
import fc from 'fast-check';
import { clientAddress, networkOf } from '../../packages/proxy/src/client-address.ts';
import { trustOf } from '../../packages/proxy/src/peer.ts';

const TRUSTED = trustOf(['10.0.0.0/8', 'fd00::/8']);

/** The client behind a trusted peer that sent these fields. */
function behind(...fields: string[]): string | undefined {
  return clientAddress(fields, { address: '10.0.0.1', isTrusted: true }, TRUSTED);
}

describe('clientAddress', () => {
  it('is the address of the connection, whatever an untrusted peer says', () => {
    const peer = { address: '192.0.2.1', isTrusted: false };
    assert.equal(clientAddress(['X-Forwarded-For', '198.51.100.7'], peer, TRUSTED), '192.0.2.1');
    assert.equal(clientAddress(['X-Forwarded-For', '198.51.100.7'], peer, undefined), '192.0.2.1');
    assert.equal(clientAddress([], { address: 'unknown', isTrusted: false }, undefined), undefined);
  });

  it('is the last one that no trusted proxy has, so that what a client invents is never reached', () => {
    assert.equal(behind('X-Forwarded-For', '198.51.100.7'), '198.51.100.7');
    assert.equal(behind('x-forwarded-for', '1.1.1.1, 198.51.100.7, 10.2.3.4 ,fd00::1'), '198.51.100.7');
    assert.equal(behind('X-Forwarded-For', '1.1.1.1', 'X-FORWARDED-FOR', '198.51.100.7, 10.2.3.4'), '198.51.100.7');
  });

  it('is the farthest trusted one if there is no other', () => {
    assert.equal(behind(), '10.0.0.1');
    assert.equal(behind('X-Forwarded-For', ''), '10.0.0.1');
    assert.equal(behind('X-Forwarded-For', '10.9.9.9, 10.2.3.4'), '10.9.9.9');
  });

  it('stops at what is no address', () => {
    for (const junk of [
      'unknown',
      '_hidden',
      '',
      'a.example',
      '1.2.3',
      '[::1',
      ':80',
      '999.1.1.1',
      'x'.repeat(9_000),
    ]) {
      assert.equal(behind('X-Forwarded-For', `198.51.100.7, ${junk}, 10.2.3.4`), '10.2.3.4', junk);
    }
  });

  it('reads addresses with ports and brackets, and IPv4 in IPv6', () => {
    for (const [text, address] of [
      ['198.51.100.7:1234', '198.51.100.7'],
      ['[2001:db8::1]', '2001:db8::1'],
      ['[2001:db8::1]:443', '2001:db8::1'],
      ['2001:db8::1', '2001:db8::1'],
      ['::ffff:198.51.100.7', '198.51.100.7'],
    ] as const) {
      assert.equal(behind('X-Forwarded-For', text), address);
    }
  });

  it('reads Forwarded where there is no X-Forwarded-For', () => {
    assert.equal(
      behind('Forwarded', 'for=1.1.1.1, For="[2001:db8::1]:80";proto=https, proto=http;for=10.1.1.1'),
      '2001:db8::1',
    );
    assert.equal(behind('Forwarded', 'for=198.51.100.7;by=10.0.0.1'), '198.51.100.7');
    assert.equal(behind('Forwarded', 'proto=https'), '10.0.0.1');
    assert.equal(behind('Forwarded', 'for=1.1.1.1', 'X-Forwarded-For', '198.51.100.7'), '198.51.100.7');
  });

  it('never throws and never takes long, whatever the fields hold', () => {
    const name = fc.constantFrom('X-Forwarded-For', 'Forwarded');
    const piece = fc.oneof(fc.string(), fc.constantFrom(',', ';', 'for=', '"', '10.0.0.1', '[', ']', ':', '=', '::'));
    fc.assert(
      fc.property(name, fc.array(piece, { maxLength: 30 }), (field, pieces) => {
        behind(field, pieces.join(''));
      }),
      { seed: 1, numRuns: 1_000 },
    );
    for (const unit of [',', '10.0.0.1,', ';', 'for=', '"']) behind('Forwarded', unit.repeat(16_384));
  });
});

describe('networkOf', () => {
  const whole = { ipv4: 32, ipv6: 128 };

  it('is one text for an address however it is written', () => {
    const texts = ['2001:db8::1', '2001:DB8:0:0::1', '2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::0.0.0.1'];
    assert.deepEqual(new Set(texts.map((text) => networkOf(text, whole))), new Set(['2001:db8:0:0:0:0:0:1']));
    assert.equal(networkOf('::', whole), '0:0:0:0:0:0:0:0');
    assert.equal(networkOf('1::', whole), '1:0:0:0:0:0:0:0');
    assert.equal(networkOf('fe80::1%eth0', whole), 'fe80:0:0:0:0:0:0:1');
  });

  it('takes IPv4 in IPv6 for IPv4', () => {
    for (const text of ['::ffff:10.1.2.3', '::FFFF:0a01:0203', '0:0:0:0:0:ffff:10.1.2.3', '10.1.2.3']) {
      assert.equal(networkOf(text, whole), '10.1.2.3');
      assert.equal(networkOf(text, { ipv4: 20, ipv6: 128 }), '10.1.0.0');
    }
    assert.notEqual(networkOf('::10.1.2.3', whole), '10.1.2.3', 'which is another thing');
  });

  it('keeps as many bits as it is told to', () => {
    const v4 = (ipv4: number) => networkOf('255.255.255.255', { ipv4, ipv6: 1 });
    assert.deepEqual([v4(1), v4(8), v4(25), v4(31)], ['128.0.0.0', '255.0.0.0', '255.255.255.128', '255.255.255.254']);
    const v6 = (ipv6: number) => networkOf('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', { ipv4: 1, ipv6 });
    assert.equal(v6(56), 'ffff:ffff:ffff:ff00:0:0:0:0');
    assert.equal(v6(64), 'ffff:ffff:ffff:ffff:0:0:0:0');
    assert.equal(v6(1), '8000:0:0:0:0:0:0:0');
  });

  it('is nothing where there is no address', () => {
    for (const text of [undefined, '', 'unknown', 'a.example']) assert.equal(networkOf(text, whole), undefined);
  });
});
