import assert from 'node:assert/strict';
import { consecutiveFailures, roundRobin } from '@evenkeel/core';
import type { Cluster, Endpoint, Picker, Random, Strategy } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { context, fail, make, names } from './clusters.ts';

const DRAINING = 'TEXT named_metrics.draining=1';

/** What a cluster says from now on. */
function said(cluster: Cluster): string[] {
  const events: string[] = [];
  cluster
    .on('added', ({ id }) => events.push(`${id} added`))
    .on('removed', ({ id }) => events.push(`${id} removed`))
    .on('pickable', ({ id }) => events.push(`${id} pickable`))
    .on('unpickable', ({ id }, reason) => events.push(`${id} ${reason}`))
    .on('panic', (isPanicking) => events.push(`panic ${isPanicking}`));
  return events;
}

/** Round robin, and how often it was built. */
function counting(): { strategy: Strategy; builds: () => number } {
  let builds = 0;
  const inner = roundRobin();
  return {
    builds: () => builds,
    strategy: {
      name: inner.name,
      build<E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) {
        builds++;
        return inner.build(endpoints, random, previous);
      },
    },
  };
}

describe('what a cluster says of its endpoints', () => {
  it('is said once where an endpoint is enabled at the moment at which its trial is over', () => {
    const clock = manualClock();
    const cluster = make(3, { clock, ejection: consecutiveFailures({ threshold: 1, baseMs: 1_000 }) });
    const events = said(cluster);
    fail(cluster, 'e0', 1);
    cluster.disable('e0');
    cluster.pick(context(2_100, { preferred: 'r1' }));
    clock.advance(8_000);
    cluster.enable('e0');
    assert.deepEqual(events, ['e0 ejected', 'e0 pickable']);
  });

  it('is never said twice in a row, whatever a listener does to the cluster meanwhile', () => {
    const clock = manualClock();
    const cluster = make(4, { clock });
    const events = said(cluster);
    const leave = (now: number): void =>
      cluster.endpoints.slice(1).forEach((each) => cluster.reportLoad(each, DRAINING, now));
    leave(0);
    let isFirst = true;
    cluster.on('pickable', () => {
      if (isFirst) leave(30_000);
      isFirst = false;
    });
    cluster.pick(context(30_000));
    assert.ok(events.includes('e2 pickable'));
    for (const id of ['e1', 'e2', 'e3']) {
      const own = events.filter((event) => event.startsWith(id));
      own.forEach((event, i) => assert.equal(event, i % 2 === 0 ? `${id} leaving` : `${id} pickable`));
    }
    assert.deepEqual(
      events.filter((event) => event.startsWith('panic')),
      ['panic true'],
    );
  });

  it('is nothing more once the endpoint was removed, and what is still under way there rebuilds nothing', () => {
    const { strategy, builds } = counting();
    const cluster = make(3, { strategy });
    const gone = cluster.endpoints[2]!;
    cluster.begin(gone, 0);
    cluster.update(names(2));
    const events = said(cluster);
    const before = builds();
    cluster.reportLoad(gone, DRAINING, 1);
    cluster.report(gone, 'success', 0, 1);
    cluster.end(gone);
    assert.deepEqual(events, []);
    assert.equal(builds(), before);
  });

  it('takes one rebuild, however many endpoints are about to go', () => {
    const { strategy, builds } = counting();
    const cluster = make(9, { strategy });
    const events = said(cluster);
    const before = builds();
    const leaving = names(12).map((each, i) => ({ ...each, isDraining: i > 6 }));
    cluster.update(leaving);
    assert.equal(builds() - before, 1);
    assert.equal(cluster.pickable, 7);
    assert.deepEqual(events.slice(0, 3), ['e9 added', 'e10 added', 'e11 added']);
    assert.deepEqual(
      events.slice(3),
      ['e7', 'e8', 'e9', 'e10', 'e11'].map((id) => `${id} leaving`),
    );
  });
});
