import assert from 'node:assert/strict';
import { consecutiveFailures, hash32 } from '@evenkeel/core';
import type { Cluster, Endpoint, PickContext } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { context, fail, make, names, picked } from './clusters.ts';

describe('a cluster with sessions', () => {
  describe('stickiness', () => {
    const sticky = (preferred: string, key: string): PickContext => context(0, { preferred, key: hash32(key) });

    it('goes to the endpoint of the route, whatever the strategy says', () => {
      const cluster = make(5);
      for (let i = 0; i < 20; i++) assert.equal(cluster.pick(sticky('r3', `s${i}`))?.id, 'e3');
    });

    it('agrees on one successor per session, in two balancers, and spreads the sessions', () => {
      const [one, two] = [make(5), make(5, { random: seeded(99), endpoints: names(5).toReversed() })];
      one.disable('e3');
      two.disable('e3');
      const successors = new Set<string>();
      for (let i = 0; i < 100; i++) {
        const chosen = new Set(
          [1, 2, 3].flatMap(() => [one, two].map((cluster) => cluster.pick(sticky('r3', `s${i}`))!.id)),
        );
        assert.equal(chosen.size, 1);
        successors.add([...chosen][0]!);
      }
      assert.deepEqual([...successors].toSorted(), ['e0', 'e1', 'e2', 'e4']);
    });

    it('gives a retry of a stuck request another successor', () => {
      const cluster = make(3);
      const tried: Endpoint[] = [];
      for (let attempt = 0; attempt < 3; attempt++) {
        tried.push(cluster.pick({ ...sticky('r1', 'x'), attempt, tried })!);
      }
      assert.equal(tried[0]!.id, 'e1');
      assert.equal(new Set(tried).size, 3);
    });

    it('leaves an endpoint that was ejected', () => {
      const cluster = make(3, { ejection: consecutiveFailures({ threshold: 1 }) });
      fail(cluster, 'e1', 1);
      assert.notEqual(cluster.pick(sticky('r1', 'x'))?.id, 'e1');
    });

    it('takes an unknown route for a session whose endpoint is gone', () => {
      const cluster = make(3);
      const first = cluster.pick(sticky('nobody', 'x'))!.id;
      for (let i = 0; i < 10; i++) assert.equal(cluster.pick(sticky('nobody', 'x'))!.id, first);
    });

    it('is made up for by the other traffic under round robin', () => {
      const cluster = make(2);
      const counts = { e0: 0, e1: 0 };
      for (let i = 0; i < 600; i++) {
        const endpoint = i % 3 === 0 ? cluster.pick(sticky('r0', 's'))! : cluster.pick(context(0))!;
        counts[endpoint.id as 'e0' | 'e1']++;
      }
      assert.ok(Math.abs(counts.e0 - counts.e1) <= 4, JSON.stringify(counts));
    });
  });

  describe('drain', () => {
    it('gives no new work, lets sessions stay for their time, and ends when nothing is in flight', async () => {
      const clock = manualClock();
      const cluster = make(3, { clock });
      const stuck = { preferred: 'r1', key: 5 };
      const held = cluster.pick(context(0, stuck))!;
      assert.equal(held.id, 'e1');
      cluster.begin(held, 0);
      let isDrained = false;
      const drained = cluster.drain('e1', { deadlineMs: 3_000, keepSessionsMs: 2_000 }).then(() => (isDrained = true));
      assert.deepEqual(picked(cluster, 0), ['e0', 'e2']);
      assert.equal(cluster.pick(context(1, stuck))!.id, 'e1');
      clock.advance(2_000);
      await Promise.resolve();
      assert.notEqual(cluster.pick(context(2_000, stuck))!.id, 'e1');
      assert.equal(isDrained, false);
      cluster.report(held, 'success', 0, 2_000);
      cluster.end(held);
      await drained;
      cluster.enable('e1');
      assert.deepEqual(picked(cluster, 2_000), ['e0', 'e1', 'e2']);
    });

    it('keeps no sessions of an endpoint that is enabled again, removed, or whose cluster closes', async () => {
      const ends = [
        (cluster: Cluster) => cluster.enable('e1'),
        (cluster: Cluster) => cluster.update(names(1)),
        (cluster: Cluster) => void cluster.close(),
      ];
      for (const end of ends) {
        const clock = manualClock();
        const cluster = make(3, { clock });
        cluster.pick(context(0, { preferred: 'r1', key: 5 }));
        const drained = cluster.drain('e1');
        end(cluster);
        await drained;
        assert.equal(clock.pending, 0);
      }
    });

    it('moves sessions at once if it is told to', async () => {
      const cluster = make(3);
      cluster.pick(context(0, { preferred: 'r1', key: 5 }));
      await cluster.drain('e1', { keepSessionsMs: 0 });
      assert.notEqual(cluster.pick(context(0, { preferred: 'r1', key: 5 }))!.id, 'e1');
    });

    it('refuses an id that is not a member and times that contradict each other', async () => {
      const cluster = make(2);
      await assert.rejects(async () => cluster.drain('x'), { message: 'drain: `id` must be one of e0, e1, got "x"' });
      await assert.rejects(cluster.drain('e0', { deadlineMs: 5, keepSessionsMs: 6 }), { code: 'INVALID_OPTIONS' });
    });
  });
});
