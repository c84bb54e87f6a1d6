import assert from 'node:assert/strict';
import { udpProbe } from '@evenkeel/core';
import type { UdpProbeOptions } from '@evenkeel/core';
import { endpointAt, refuses, stubIo, WRONG_TIMING } from './probe-stubs.ts';

const endpoint = endpointAt('http://10.0.0.1');

async function passes(answer: UdpProbeOptions['answer'], given: Uint8Array): Promise<boolean> {
  const probe = udpProbe({ port: 53, ...(answer !== undefined && { answer }) });
  const io = stubIo({ datagram: () => Promise.resolve(given) });
  return Promise.resolve(probe.check(endpoint, io)).then(
    () => true,
    (error: Error) => {
      assert.match(error.message, /UDP port 53 gave \d+ bytes that are not as expected/);
      return false;
    },
  );
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('udpProbe()', () => {
  it('sends an empty datagram by default, and waits for an answer', async () => {
    const calls: unknown[][] = [];
    await udpProbe({ port: 53 }).check(endpoint, stubIo({ datagram: () => Promise.resolve(text('')) }, calls));
    assert.deepEqual(calls, [['datagram', endpoint, { port: 53, payload: new Uint8Array(), isAnswered: true }, 2_000]]);
  });

  it('sends text as UTF-8, or bytes as they were when it was made', async () => {
    const bytes = Uint8Array.of(1, 0, 255);
    const probes = [udpProbe({ port: 1, payload: 'é' }), udpProbe({ port: 1, payload: bytes, isAnswered: false })];
    bytes[0] = 9;
    const calls: unknown[][] = [];
    for (const probe of probes) await probe.check(endpoint, stubIo({ datagram: async () => text('') }, calls));
    assert.deepEqual(
      calls.map(([, , request]) => request),
      [
        { port: 1, payload: Uint8Array.of(0xc3, 0xa9), isAnswered: true },
        { port: 1, payload: Uint8Array.of(1, 0, 255), isAnswered: false },
      ],
    );
  });

  it('takes any answer if none is described', async () => {
    assert.equal(await passes(undefined, text('')), true);
    assert.equal(await passes(undefined, Uint8Array.of(0xff)), true);
  });

  it('looks for text, bytes or a pattern in the answer', async () => {
    assert.equal(await passes('pong', text('a pong.')), true);
    assert.equal(await passes('pong', text('pon')), false);
    assert.equal(await passes(Uint8Array.of(0, 255), Uint8Array.of(7, 0, 255)), true);
    assert.equal(await passes(Uint8Array.of(0, 255), Uint8Array.of(0, 7, 255)), false);
    assert.equal(await passes(/^ok\b/i, text('OK then')), true);
    assert.equal(await passes(/^ok\b/i, text('not OK')), false);
  });

  it('matches a global pattern every time', async () => {
    const probe = udpProbe({ port: 1, answer: /ready/g });
    for (let i = 0; i < 3; i++) await probe.check(endpoint, stubIo({ datagram: async () => text('ready') }));
  });

  it('fails if nothing comes back', async () => {
    const silent = stubIo({ datagram: () => Promise.reject(new Error('no answer')) });
    await assert.rejects(async () => udpProbe({ port: 1 }).check(endpoint, silent), /no answer/);
  });

  it('refuses options that it does not know or that make no sense', () => {
    refuses(udpProbe, [
      ...WRONG_TIMING.map(([options, message]) => [{ port: 1, ...options }, message] as const),
      [{}, /udpProbe: `port` is missing/],
      [{ port: 65_536 }, /`port` must be an integer from 1 to 65535, got 65536/],
      [{ port: 1, path: '/' }, /udpProbe: `path` is not a known option/],
      [{ port: 1, payload: 7 }, /`payload` must be a string or bytes, at most 65507 bytes, got 7/],
      [{ port: 1, payload: 'é'.repeat(32_754) }, /`payload` must be a string or bytes, at most 65507 bytes/],
      [{ port: 1, answer: 7 }, /`answer` must be a string, a regular expression or bytes, got 7/],
      [{ port: 1, answer: 'x', isAnswered: false }, /`answer` must be left out if `isAnswered` is false, got "x"/],
      [{ port: 1, isAnswered: 'no' }, /`isAnswered` must be true or false, got "no"/],
    ]);
  });
});
