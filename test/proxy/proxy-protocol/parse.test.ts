import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crc32c } from '../../../packages/proxy/src/proxy-protocol/crc32c.ts';
import { MAX_V1_BYTES, MAX_V2_BYTES, parseProxyHead } from '../../../packages/proxy/src/proxy-protocol/parse.ts';
import type { ProxyHead } from '../../../packages/proxy/src/proxy-protocol/parse.ts';
import { anyHead, block, field, hostileHead, line, V1, V2, V2_SIGNATURE, V4_ENDS } from './heads.ts';

const REST = Buffer.from('GET / HTTP/1.1\r\n\r\n');

/** @param digits with spaces where they help */
function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

/** The head, with what follows it there already. */
function headOf(bytes: Buffer): ProxyHead {
  const parse = parseProxyHead(Buffer.concat([bytes, REST]));
  assert(parse.kind === 'head', JSON.stringify(parse));
  assert.equal(parse.byteLength, bytes.length);
  return parse;
}

function endsOf(bytes: Buffer): string {
  const { source, destination } = headOf(bytes);
  return source && destination
    ? `${source.address} ${source.port} > ${destination.address} ${destination.port}`
    : 'its own';
}

function assertInvalid(bytes: Buffer, reason: RegExp): void {
  const parse = parseProxyHead(bytes);
  assert.equal(parse.kind, 'invalid', `${bytes.toString('latin1')}: ${JSON.stringify(parse)}`);
  assert(parse.kind === 'invalid');
  assert.match(parse.reason, reason);
}

/** A head with a checksum in it. */
function summed(before: Buffer, ...after: Buffer[]): Buffer {
  const head = block(0x21, 0x11, V4_ENDS, before, field(0x03, '\0\0\0\0'), ...after);
  head.writeUInt32BE(crc32c(head), 16 + V4_ENDS.length + before.length + 3);
  return head;
}

describe('parseProxyHead, version 1', () => {
  it('reads TCP4 and TCP6, every address in its one form', () => {
    for (const [text, ends] of [
      ['TCP4 255.255.255.255 0.0.0.0 65535 0', '255.255.255.255 65535 > 0.0.0.0 0'],
      ['TCP6 2001:DB8:0:0::1 ::1 1 443', '2001:db8::1 1 > ::1 443'],
      ['TCP6 ::ffff:192.0.2.1 ::FFFF:c000:0202 1 2', '192.0.2.1 1 > 192.0.2.2 2'],
      [
        `TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`,
        `${'ffff:'.repeat(7)}ffff 65535 > ${'ffff:'.repeat(7)}ffff 65535`,
      ],
    ] as const) {
      assert.equal(endsOf(line(`PROXY ${text}`)), ends);
    }
  });

  it('leaves the real ends to an UNKNOWN connection, whatever else the line says', () => {
    const longest = `PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`;
    assert.equal(line(longest).length, MAX_V1_BYTES);
    for (const text of ['PROXY UNKNOWN', 'PROXY UNKNOWN ', 'PROXY UNKNOWN x\0y', longest]) {
      assert.equal(endsOf(line(text)), 'its own');
    }
  });

  it('refuses every other line', () => {
    for (const text of [
      'PROXY ',
      'PROXY TCP4',
      'PROXY tcp4 1.2.3.4 1.2.3.4 1 2',
      'PROXY UDP4 1.2.3.4 1.2.3.4 1 2',
      'PROXY UNKNOWNS',
      'PROXY  TCP4 1.2.3.4 1.2.3.4 1 2',
      'PROXY TCP4  1.2.3.4 1.2.3.4 1 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 ',
      'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3',
      'PROXY TCP4 1.2.3.4 1.2.3.4 1',
      'PROXY TCP4 1.2.3.4\t1.2.3.4 1 2',
      'PROXY TCP4 01.2.3.4 1.2.3.4 1 2',
      'PROXY TCP4 1.2.3 1.2.3.4 1 2',
      'PROXY TCP4 1.2.3.256 1.2.3.4 1 2',
      'PROXY TCP4 ::1 ::1 1 2',
      'PROXY TCP6 1.2.3.4 1.2.3.4 1 2',
      'PROXY TCP6 ::1%lo ::1 1 2',
      'PROXY TCP6 1::2::3 ::1 1 2',
      'PROXY TCP6 fffff::1 ::1 1 2',
      'PROXY TCP4 localhost 1.2.3.4 1 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 01 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 -1 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 +1 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4 1e1 2',
      'PROXY TCP4 1.2.3.4 1.2.3.4  2',
    ]) {
      assertInvalid(line(text), /./);
    }
  });

  it('ends a line with CR LF only, and within 107 bytes', () => {
    const text = 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2';
    assertInvalid(Buffer.from(`${text}\n`), /CR LF/);
    assertInvalid(Buffer.from(`${text}\r\r\n`), /CR/);
    assertInvalid(Buffer.from(`PROXY UNKNOWN \rx\r\n`), /CR/);
    assertInvalid(Buffer.from(`PROXY UNKNOWN \r\0`), /CR/);
    assertInvalid(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), /too long/);
    assertInvalid(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`), /too long/);
    assert.equal(parseProxyHead(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}`)).kind, 'more');
  });
});

describe('parseProxyHead, version 2', () => {
  it('reads TCP over IPv4 and IPv6', () => {
    assert.equal(endsOf(V2), '203.0.113.7 4711 > 198.51.100.1 443');
    const v6 = hex('20010db8000000000000000000000001 fe800000000000000000000000000002 1267 01bb');
    assert.equal(endsOf(block(0x21, 0x21, v6)), '2001:db8::1 4711 > fe80::2 443');
    const mapped = hex(`${'00000000000000000000ffffc0000201'.repeat(2)} 0001 ffff`);
    assert.equal(endsOf(block(0x21, 0x21, mapped)), '192.0.2.1 1 > 192.0.2.1 65535');
  });

  it('leaves the real ends to LOCAL, UNSPEC, Unix and UDP connections', () => {
    const heads = [
      block(0x20, 0x00),
      block(0x20, 0x11, V4_ENDS),
      block(0x20, 0xff, Buffer.from('what a LOCAL head holds is to be ignored')),
      block(0x21, 0x00),
      block(0x21, 0x00, Buffer.alloc(5)),
      block(0x21, 0x10, V4_ENDS),
      block(0x21, 0x01),
      block(0x21, 0x12, V4_ENDS),
      block(0x21, 0x22, Buffer.alloc(36)),
      block(0x21, 0x31, Buffer.alloc(216, '/')),
      block(0x21, 0x32, Buffer.alloc(216)),
    ];
    for (const head of heads) assert.equal(endsOf(head), 'its own');
  });

  it('refuses another version, command, family or protocol, and addresses that are cut short', () => {
    for (const command of [0x00, 0x10, 0x11, 0x22, 0x2f, 0x30, 0x31, 0xff]) {
      assertInvalid(block(command, 0x11, V4_ENDS), /version or command/);
    }
    for (const family of [0x13, 0x1f, 0x41, 0xf1]) assertInvalid(block(0x21, family, V4_ENDS), /family or protocol/);
    assertInvalid(block(0x21, 0x11, V4_ENDS.subarray(1)), /cut short/);
    assertInvalid(block(0x21, 0x21, Buffer.alloc(35)), /cut short/);
    assertInvalid(block(0x21, 0x31, Buffer.alloc(215)), /cut short/);
  });

  it('skips fields that mean nothing here, but not broken ones', () => {
    const known = [field(0x01, 'h2'), field(0x04, ''), field(0x05, 'id'), field(0x30, 'ns'), field(0xea, 'vpce-1')];
    assert.equal(endsOf(block(0x21, 0x11, V4_ENDS, ...known)), '203.0.113.7 4711 > 198.51.100.1 443');
    assertInvalid(block(0x21, 0x11, V4_ENDS, Buffer.from([4])), /cut short/);
    assertInvalid(block(0x21, 0x11, V4_ENDS, Buffer.from([4, 0])), /cut short/);
    assertInvalid(block(0x21, 0x11, V4_ENDS, Buffer.from([4, 0, 1])), /longer than the head/);
    assertInvalid(block(0x21, 0x11, V4_ENDS, ...known, Buffer.from([4, 255, 255, 0])), /longer than the head/);
  });

  it('tells the name that the client asked for, if it is one', () => {
    assert.equal(headOf(block(0x21, 0x11, V4_ENDS, field(0x02, 'shop.example'))).authority, 'shop.example');
    for (const name of ['', 'a\r\nb', 'a b', 'a\0', 'x'.repeat(256), '\u00e9']) {
      assert.equal(headOf(block(0x21, 0x11, V4_ENDS, field(0x02, name))).authority, undefined);
    }
    assert.equal(headOf(V2).authority, undefined);
  });

  it('tells whether the client came over TLS', () => {
    const version = field(0x21, 'TLSv1.3');
    const tls = (client: number) =>
      block(0x21, 0x11, V4_ENDS, field(0x20, Buffer.from([client, 0, 0, 0, 0, ...version])));
    assert.equal(headOf(tls(1)).isTls, true);
    assert.equal(headOf(tls(7)).isTls, true);
    assert.equal(headOf(tls(6)).isTls, false);
    assert.equal(headOf(V2).isTls, false);
    assertInvalid(block(0x21, 0x11, V4_ENDS, field(0x20, '\x01\0\0\0')), /TLS field/);
  });

  it('holds a head to its checksum', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe306_9283, 'the check value of CRC-32C');
    const head = summed(field(0x04, 'padding'), field(0x02, 'a.example'));
    assert.equal(headOf(head).authority, 'a.example');
    for (let at = 16; at < head.length; at++) {
      // Without its type it is no checksum.
      if (at === 16 + V4_ENDS.length + 10) continue;
      const changed = Buffer.from(head);
      changed[at]! ^= 1;
      assert.equal(parseProxyHead(changed).kind, 'invalid', `byte ${at}`);
    }
    assertInvalid(block(0x21, 0x11, V4_ENDS, field(0x03, '\0\0\0')), /malformed/);
    assertInvalid(summed(Buffer.alloc(0), field(0x03, '\0\0\0\0')), /malformed/);
  });

  it('takes a head of some kilobytes and no more, and says so before they have come', () => {
    const room = MAX_V2_BYTES - 16 - V4_ENDS.length - 3;
    assert.equal(headOf(block(0x21, 0x11, V4_ENDS, field(0x04, Buffer.alloc(room)))).byteLength, MAX_V2_BYTES);
    const longer = block(0x21, 0x11, V4_ENDS, field(0x04, Buffer.alloc(room + 1)));
    assertInvalid(longer.subarray(0, 16), /too long/);
    assertInvalid(block(0x20, 0x00, Buffer.alloc(65_535)), /too long/);
  });
});

describe('parseProxyHead, piece by piece', () => {
  it('asks for more until the head is whole, and never for more than that', () => {
    for (const head of [V1, V2, line('PROXY UNKNOWN'), block(0x20, 0x00), summed(Buffer.alloc(0))]) {
      for (let length = 0; length < head.length; length++) {
        const parse = parseProxyHead(head.subarray(0, length));
        assert(parse.kind === 'more', `${length} of ${head.toString('latin1')}`);
        assert(parse.atLeast > length && parse.atLeast <= head.length);
      }
      headOf(head);
    }
  });

  it('knows other beginnings by the first byte that differs', () => {
    for (const text of ['GET / HTTP/1.1', 'POST /', 'PROPFIND /', 'PROXy TCP4', 'PROXY/', '\r\nGET', '\x16\x03\x01']) {
      assert.equal(parseProxyHead(Buffer.from(text)).kind, 'absent', text);
    }
    for (const signature of [Buffer.from('PROXY '), V2_SIGNATURE]) {
      for (let at = 0; at < signature.length; at++) {
        const bytes = Buffer.from(signature.subarray(0, at + 1));
        bytes[at]! ^= 0x80;
        assert.equal(parseProxyHead(bytes).kind, 'absent');
      }
    }
  });

  it('never throws, and never takes back what it has said when more comes', () => {
    fc.assert(
      fc.property(fc.oneof(anyHead, hostileHead), (bytes) => {
        let said = parseProxyHead(bytes.subarray(0, 0));
        for (let length = 1; length <= bytes.length; length++) {
          const parse = parseProxyHead(bytes.subarray(0, length));
          if (said.kind !== 'more') assert.deepEqual(parse, said);
          else if (length < said.atLeast) assert.equal(parse.kind, 'more');
          if (parse.kind === 'head') assert(parse.byteLength <= length);
          said = parse;
        }
      }),
      { numRuns: 500 },
    );
  });
});
