import assert from 'node:assert/strict';
import { tcpProbe } from '@evenkeel/core';
import { endpointAt, refuses, stubIo, WRONG_TIMING } from './probe-stubs.ts';

const endpoint = endpointAt('http://10.0.0.1');

describe('tcpProbe()', () => {
  it('passes if a connection comes about, and not otherwise', async () => {
    const calls: unknown[][] = [];
    await tcpProbe({ timeoutMs: 300 }).check(endpoint, stubIo({ connect: () => Promise.resolve() }, calls));
    assert.deepEqual(calls, [['connect', endpoint, 300, undefined]]);
    const refusing = stubIo({ connect: () => Promise.reject(new Error('refused')) });
    await assert.rejects(async () => tcpProbe().check(endpoint, refusing), /refused/);
  });

  it('asks another port if told to', async () => {
    const calls: unknown[][] = [];
    await tcpProbe({ port: 81 }).check(endpoint, stubIo({ connect: () => Promise.resolve() }, calls));
    assert.deepEqual(calls, [['connect', endpoint, 2_000, 81]]);
  });

  it("has HAProxy's timing by default", () => {
    const { name: _, check: __, ...timing } = tcpProbe();
    assert.deepEqual(timing, {
      intervalMs: 2_000,
      fastIntervalMs: 500,
      downIntervalMs: 2_000,
      spreadPercent: 5,
      timeoutMs: 2_000,
      rise: 2,
      fall: 3,
      onFail: 'remove',
    });
  });

  it('derives timing that was not given from the interval', () => {
    const quick = tcpProbe({ intervalMs: 100 });
    assert.deepEqual([quick.fastIntervalMs, quick.downIntervalMs, quick.timeoutMs], [100, 100, 100]);
    const slow = tcpProbe({ intervalMs: 60_000, fastIntervalMs: 1_000 });
    assert.deepEqual([slow.fastIntervalMs, slow.downIntervalMs, slow.timeoutMs], [1_000, 60_000, 2_000]);
  });

  it('refuses options that it does not know or that make no sense', () => {
    refuses(tcpProbe, [
      ...WRONG_TIMING,
      [{ path: '/' }, /tcpProbe: `path` is not a known option/],
      [{ port: 0 }, /tcpProbe: `port` must be an integer from 1 to 65535, got 0/],
      [{ port: '80' }, /`port` must be an integer from 1 to 65535, got "80"/],
    ]);
  });
});
