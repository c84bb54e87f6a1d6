import assert from 'node:assert/strict';
import type { Endpoint, ProbeIo } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { MAX_CONCURRENT_PROBES } from '../../../packages/core/src/dispatch/prober.ts';
import { scripted, serve, settled, staged } from './prober-stage.ts';

describe('probes of a cluster', () => {
  it('take an endpoint out after `fall` failures and back after `rise` passes, faster while in doubt', async () => {
    const probe = scripted();
    const { cluster, clock, turn } = staged(probe);
    await turn(1_000);
    assert.equal(probe.asked.length, 1);
    probe.isWell = false;
    await turn(500);
    await turn(100);
    assert.equal(probe.asked.length, 3);
    assert.equal(cluster.pickable, 1, 'two failures are not enough');
    await turn(100);
    assert.equal(serve(cluster, clock.now()), undefined);
    probe.isWell = true;
    await turn(1_000);
    assert.equal(probe.asked.length, 5);
    assert.equal(serve(cluster, clock.now()), undefined, 'one pass is not enough');
    await turn(100);
    assert.equal(serve(cluster, clock.now()), 'http://a');
    assert.equal(cluster.pickable, 1);
    await cluster.close();
    assert.equal(clock.pending, 0);
  });

  it('spread over their interval, at first and for good', async () => {
    const probe = scripted({ spreadPercent: 5 });
    const { cluster, turn } = staged(probe, 0, {
      endpoints: Array.from({ length: 5_000 }, (_, i) => `http://e${i}`),
    });
    const slots: number[] = [];
    for (let slot = 0; slot < 15; slot++) {
      const before = probe.asked.length;
      await turn(100);
      slots.push(probe.asked.length - before);
    }
    // The mean is 500 in 100 ms.
    assert.ok(
      slots.every((asked) => asked > 400 && asked < 600),
      slots.join(' '),
    );
    await cluster.close();
  });

  it('are asked in intervals that are a little off, each on its own', async () => {
    const times: number[] = [];
    const { clock, turn } = staged(
      scripted({
        spreadPercent: 20,
        check() {
          times.push(clock.now());
          return Promise.resolve();
        },
      }),
    );
    await turn(40_000);
    const gaps = times.slice(1).map((at, i) => at - times[i]!);
    assert.ok(gaps.length > 30);
    assert.ok(Math.min(...gaps) >= 800 && Math.min(...gaps) < 900, `${Math.min(...gaps)}`);
    assert.ok(Math.max(...gaps) <= 1_200 && Math.max(...gaps) > 1_100, `${Math.max(...gaps)}`);
  });

  it('come in `downIntervalMs` while the endpoint is down', async () => {
    const probe = scripted({ fall: 1, rise: 2, downIntervalMs: 5_000 });
    const { turn } = staged(probe);
    probe.isWell = false;
    await turn(5_000);
    assert.equal(probe.asked.length, 1);
    probe.isWell = true;
    await turn(1_000);
    assert.equal(probe.asked.length, 3, 'the second pass comes after `fastIntervalMs`');
  });

  it('are bounded in how many are under way at once, and each gets its turn', async () => {
    const running = new Map<string, () => void>();
    let most = 0;
    const probe = scripted({
      timeoutMs: 60_000,
      check: ({ id }) =>
        new Promise((resolve) => {
          assert.ok(!running.has(id), `${id} is asked already`);
          running.set(id, () => running.delete(id) && resolve());
          most = Math.max(most, running.size);
          probe.asked.push(id);
        }),
    });
    const count = 3 * MAX_CONCURRENT_PROBES;
    const { cluster, clock, turn } = staged(probe, 0, {
      endpoints: Array.from({ length: count }, (_, i) => `http://e${i}`),
    });
    await turn(5_000);
    assert.equal(running.size, MAX_CONCURRENT_PROBES);
    cluster.update(Array.from({ length: count - 1 }, (_, i) => `http://e${i + 1}`));
    while (new Set(probe.asked).size < count - 1) {
      assert.ok(probe.asked.length < count + 1, 'nobody has a second turn before all have had one');
      running.values().next().value!();
      await settled();
    }
    assert.equal(most, MAX_CONCURRENT_PROBES);
    await cluster.close();
    for (const end of [...running.values()]) end();
    await settled();
    assert.equal(clock.pending, 0);
  });

  it('stop for an endpoint that is removed, even while it is being asked', async () => {
    const probe = scripted();
    const { cluster, clock, turn } = staged(probe, 2);
    clock.advance(1_000);
    cluster.update(['http://a']);
    await settled();
    probe.asked.length = 0;
    for (let i = 0; i < 5; i++) await turn(1_000);
    assert.deepEqual([...new Set(probe.asked)], ['http://a']);
  });

  it('are called off when their endpoint is removed, the cluster is closed, or twice their time is over', async () => {
    const called: string[] = [];
    const check = (endpoint: Endpoint, io: ProbeIo): Promise<void> =>
      io.run(['sleep', '1000'], { timeoutMs: 60_000, env: {}, maxOutputBytes: 0 }).then(
        () => undefined,
        (error: Error) => {
          called.push(`${endpoint.id}: ${error.message}`);
          throw error;
        },
      );
    const { cluster, turn } = staged(scripted({ timeoutMs: 3_000, fall: 1, check }), 3);
    await turn(1_000);
    cluster.update(['http://b', 'http://c']);
    await settled();
    assert.deepEqual(called, ['http://a: the probe was called off']);
    await turn(6_000);
    assert.equal(cluster.pickable, 0);
    assert.equal(called.length, 3);
    await turn(1_000);
    await cluster.close();
    await settled();
    assert.equal(called.length, 5);
  });

  it('count as failed when they never end, and go on', async () => {
    const probe = scripted({ timeoutMs: 200, fall: 2, check: () => new Promise(() => undefined) });
    const { cluster, turn } = staged(probe);
    await turn(1_000);
    assert.equal(cluster.pickable, 1);
    await turn(400);
    assert.equal(cluster.pickable, 0);
  });

  it('come no sooner than the longest of intervals and timeouts allow', async () => {
    const longest = 2 ** 31 - 1;
    const delays: number[] = [];
    const clock = manualClock();
    // Of what is scheduled, the first turns come at once, and nothing else.
    const schedule = (delayMs: number, task: () => void): (() => void) => {
      delays.push(delayMs);
      return clock.schedule(delays.length <= 20 ? 0 : longest, task);
    };
    const probe = scripted({ intervalMs: longest, timeoutMs: longest, spreadPercent: 50 });
    staged(probe, 20, { clock: { now: () => clock.now(), schedule } });
    clock.advance(0);
    await settled();
    assert.ok(delays.length >= 60);
    assert.ok(Math.max(...delays) === longest, `${Math.max(...delays)}`);
  });

  it('are left out while they are not due', async () => {
    let isDue = false;
    const probe = scripted({ isDue: (_endpoint, now) => isDue && now > 0 });
    const { turn } = staged(probe);
    for (let i = 0; i < 3; i++) await turn(1_000);
    assert.equal(probe.asked.length, 0);
    isDue = true;
    await turn(1_000);
    assert.equal(probe.asked.length, 1);
  });
});
