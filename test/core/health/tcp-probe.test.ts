import assert from 'node:assert/strict';
import { isBalancerError, tcpProbe } from '@evenkeel/core';
import type { ProbeIo } from '@evenkeel/core';
import { stubEndpoints } from '../../conformance/endpoints.ts';

const [endpoint] = stubEndpoints([1]);

function ioThat(connects: boolean, calls: unknown[][] = []): ProbeIo {
  return {
    connect(...call) {
      calls.push(call);
      return connects ? Promise.resolve() : Promise.reject(new Error('refused'));
    },
    request: () => assert.fail('a TCP probe makes no request'),
  };
}

describe('tcpProbe()', () => {
  it('passes if a connection comes about, and not otherwise', async () => {
    const calls: unknown[][] = [];
    await tcpProbe({ timeoutMs: 300 }).check(endpoint!, ioThat(true, calls));
    assert.deepEqual(calls, [[endpoint, 300]]);
    await assert.rejects(tcpProbe().check(endpoint!, ioThat(false)), /refused/);
  });

  it("has HAProxy's timing by default", () => {
    const { intervalMs, fastIntervalMs, timeoutMs, rise, fall } = tcpProbe();
    assert.deepEqual([intervalMs, fastIntervalMs, timeoutMs, rise, fall], [2_000, 500, 2_000, 2, 3]);
  });

  it('derives timing that was not given from the interval', () => {
    const quick = tcpProbe({ intervalMs: 100 });
    assert.deepEqual([quick.fastIntervalMs, quick.timeoutMs], [100, 100]);
    const slow = tcpProbe({ intervalMs: 60_000, fastIntervalMs: 1_000 });
    assert.deepEqual([slow.fastIntervalMs, slow.timeoutMs], [1_000, 2_000]);
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ path: '/' }, /tcpProbe: `path` is not a known option/],
      [{ intervalMs: 5 }, /`intervalMs` must be a number of milliseconds from 10/],
      [{ rise: 0 }, /`rise` must be an integer from 1 to 100, got 0/],
      [{ fall: 2.5 }, /`fall` must be an integer from 1 to 100, got 2.5/],
    ] as const) {
      assert.throws(
        () => tcpProbe(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});
