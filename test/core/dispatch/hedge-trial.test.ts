import assert from 'node:assert/strict';
import { once } from 'node:events';
import { consecutiveFailures } from '@evenkeel/core';
import { hedgeRig } from './hedge-rig.ts';

const ONE_FAILURE = consecutiveFailures({ threshold: 1, baseMs: 1_000, maxMs: 8_000 });

/** A request that the first endpoint has to prove itself by, and that the second one has answered meanwhile. */
async function beatenTrial() {
  const rig = await hedgeRig(2, { ejection: ONE_FAILURE, attemptTimeoutMs: 500 });
  const { cluster, servers, clock } = rig;
  const [first, second] = cluster.endpoints;
  const events: string[] = [];
  cluster.on('pickable', ({ id }) => events.push(`${id} back`)).on('unpickable', ({ id }) => events.push(`${id} out`));
  cluster.begin(first!, 0);
  cluster.report(first!, 'reset', 0, 0);
  cluster.end(first!);
  clock.advance(3_000);
  const answer = cluster.request('/');
  await servers[0]!.arrived(1);
  clock.advance(10);
  await servers[1]!.arrived(1);
  servers[1]!.held[0]!.res.end('second');
  assert.equal(await (await answer).text(), 'second');
  assert.equal(second!.inflight, 0);
  assert.equal(first!.inflight, 1, 'it goes on');
  const idle = async (): Promise<void> => {
    while (first!.inflight > 0) await new Promise((resolve) => void setImmediate(resolve));
  };
  return { ...rig, events, first: first!, held: servers[0]!.held[0]!, idle };
}

describe('a hedged request that an endpoint has to prove itself by', () => {
  it('proves it although another endpoint was faster', async () => {
    const { clock, events, held, idle } = await beatenTrial();
    clock.advance(100);
    held.res.end('first');
    await idle();
    assert.deepEqual(events, ['0 out', '0 back']);
    assert.equal(clock.holding, 0, 'no timer is left');
  });

  it('is no second attempt on the endpoint for anybody else', async () => {
    const { cluster, servers, held, idle } = await beatenTrial();
    const answer = cluster.request('/');
    await servers[1]!.arrived(2);
    servers[1]!.held[1]!.res.end();
    assert.equal((await answer).endpoint, '1');
    held.res.end();
    await idle();
  });

  it('fails the trial if there is no answer in time', async () => {
    const { clock, events, first, cluster, idle } = await beatenTrial();
    clock.advance(490);
    await idle();
    const { excluded } = cluster.explain({ now: 3_500, key: 0, attempt: 0, preferred: undefined, tried: undefined });
    assert.deepEqual(excluded, [{ endpoint: first.id, reasons: ['ejected'] }]);
    assert.deepEqual(events, ['0 out']);
    assert.equal(clock.holding, 0);
  });

  it('is cut when the cluster closes and its time is up', async () => {
    const { cluster, clock, first, held } = await beatenTrial();
    const cut = once(held.res, 'close');
    const closed = cluster.close({ deadlineMs: 100 });
    clock.advance(100);
    await Promise.all([cut, closed]);
    assert.equal(first.inflight, 0);
  });
});
