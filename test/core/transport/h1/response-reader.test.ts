/**
 * Responses, wherever the network cuts them.
 */
import assert from 'node:assert/strict';
import { HOSTILE, SOUND } from './corpus.ts';
import { octetsOf, readPieces } from './read.ts';

/** A few long ones would take a while byte by byte. */
const MAX_SPLITS = 400;

describe('a response', () => {
  for (const { bytes, method, ...expected } of SOUND) {
    it(`is the same wherever it is cut: ${JSON.stringify(bytes.slice(0, 90))}`, () => {
      const options = method === undefined ? {} : { method };
      const whole = readPieces([bytes], true, options);
      const { ending, status, body, isReusable, interims, trailers } = whole;
      assert.deepEqual(
        { ending, status, body, isReusable, interims, trailers },
        { ending: 'whole', interims: [], trailers: [], ...expected },
      );
      for (let at = 1; at < bytes.length; at++) {
        assert.deepEqual(readPieces([bytes.slice(0, at), bytes.slice(at)], true, options), whole, `cut at ${at}`);
      }
      assert.deepEqual(readPieces(octetsOf(bytes), true, options), whole);
    });
  }

  it('keeps the order, the duplicates, the letter case and the bytes of its fields', () => {
    const head = 'HTTP/1.1 200 F\xfcr dich\r\nb: 1\r\nA:\t2 \r\nB: \xe4  3\r\na:\r\nContent-Length: 0\r\n\r\n';
    const { fields, reason } = readPieces([head], false);
    assert.deepEqual(fields, ['b', '1', 'A', '2', 'B', '\xe4  3', 'a', '', 'Content-Length', '0']);
    assert.equal(reason, 'F\xfcr dich');
  });

  it('is over as soon as it is whole, without the end of the connection', () => {
    for (const { bytes, method } of SOUND) {
      const isUntilEnd = bytes.includes('until the end');
      const { ending } = readPieces([bytes], false, method === undefined ? {} : { method });
      assert.equal(ending, isUntilEnd ? 'open' : 'whole');
    }
  });

  it('that is cut off is a reset, wherever that is', () => {
    for (const { bytes, method, body } of SOUND) {
      const end = bytes.includes('until the end') ? bytes.indexOf('\r\n\r\n') + 3 : bytes.length;
      for (let at = 0; at < end; at++) {
        const { ending, isReusable } = readPieces([bytes.slice(0, at)], true, method === undefined ? {} : { method });
        if (ending === 'whole') assert.ok(!isReusable || at >= bytes.length - 4 || body === '', `${at} of ${bytes}`);
        else assert.equal(ending, 'reset', `${at} of ${JSON.stringify(bytes)}`);
      }
    }
  });

  it('goes on as one piece if many chunks of it come at once', () => {
    const chunks = Array.from({ length: 500 }, (_, i) => `3\r\n${String(i).padStart(3, '0')}\r\n`).join('');
    const { body, ending } = readPieces(
      [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`],
      false,
    );
    assert.equal(ending, 'whole');
    assert.equal(body, Array.from({ length: 500 }, (_, i) => String(i).padStart(3, '0')).join(''));
  });

  it('may have a head of so many bytes and no more', () => {
    const longest = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(2_000)}\r\nContent-Length: 0\r\n\r\n`;
    const options = { maxHeadBytes: longest.length };
    assert.equal(readPieces([longest], false, options).ending, 'whole');
    assert.equal(readPieces(octetsOf(longest), false, options).ending, 'whole');
    const tooLong = { maxHeadBytes: longest.length - 1 };
    assert.equal(readPieces([longest], false, tooLong).ending, 'bad-response');
    assert.equal(readPieces(octetsOf(longest), false, tooLong).ending, 'bad-response');
    assert.equal(readPieces([longest.slice(0, -1)], false, { maxHeadBytes: 1_000 }).ending, 'bad-response');
  });

  it('may have 2,000 fields and no more', () => {
    const head = (count: number): string => `HTTP/1.1 204 No\r\n${'a:\r\n'.repeat(count)}\r\n`;
    const options = { maxHeadBytes: 65_536 };
    assert.equal(readPieces([head(2_000)], false, options).fields.length, 4_000);
    assert.equal(readPieces([head(2_001)], false, options).ending, 'bad-response');
  });
});

describe('what is no response', () => {
  for (const [what, bytes] of Object.entries(HOSTILE)) {
    it(`is refused wherever it is cut: ${what}`, () => {
      assert.equal(readPieces([bytes], true).ending, 'bad-response');
      const step = Math.ceil(bytes.length / MAX_SPLITS);
      for (let at = 1; at < bytes.length; at += step) {
        assert.equal(readPieces([bytes.slice(0, at), bytes.slice(at)], true).ending, 'bad-response', `cut at ${at}`);
      }
      assert.equal(readPieces(octetsOf(bytes), true).ending, 'bad-response');
    });
  }
});
