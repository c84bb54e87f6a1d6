import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import type { ConcurrencyLimit } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';

/** One request at first, and one more for each that succeeds. */
const growing: ConcurrencyLimit = {
  name: 'growing',
  start: () => ({
    limit: 1,
    observe() {
      (this as { limit: number }).limit++;
    },
  }),
};

describe('requests that wait while a limit rises', () => {
  it('go in as far as there is room, not only one for each that goes out', async () => {
    const cluster = closing(
      createCluster({ endpoints: ['http://10.0.0.1'], concurrencyLimit: growing, clock: manualClock() }),
    );
    const running: (() => void)[] = [];
    const all = Array.from({ length: 7 }, () =>
      cluster.execute(() => new Promise<void>((resolve) => void running.push(resolve))),
    );
    const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    const seen: number[] = [];
    for (let ended = 0; ended < 7; ended++) {
      await settled();
      seen.push(cluster.endpoints[0]!.inflight);
      running[ended]!();
    }
    await Promise.all(all);
    assert.deepEqual(seen, [1, 2, 3, 4, 3, 2, 1]);
  });
});
