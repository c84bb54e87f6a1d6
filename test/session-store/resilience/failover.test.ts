/** What was acknowledged by a master that died before its replica had it. */
import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { HOUR, patchOf } from '../../conformance/session-store-model.ts';
import { type ReplicatedStore, replicatedStore } from '../fixtures/replicated-store.ts';
import { type ResilienceRig, resilienceRig } from '../fixtures/resilience.ts';

describe('a store whose master is another one', () => {
  let redis: ReplicatedStore;
  let one: ResilienceRig;
  let two: ResilienceRig;

  beforeEach(async () => {
    redis = replicatedStore();
    one = instance();
    two = instance();
    await pass(100);
  });

  function instance(): ResilienceRig {
    return resilienceRig({ epoch: redis.epoch() }, redis.store);
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) for (const rig of [one, two]) await rig.pass(50);
  }

  it('gets what it lacks, in order', async () => {
    const id = await one.session({ a: '1', n: '1', r: '1' });
    redis.isReplicating = false;
    await one.set(id, { a: '2' });
    await one.add(id, 'n', 5);
    await one.store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '3']]), remove: ['r'] }), one.now());
    redis.failOver();
    assert.deepEqual(await one.fields(id, redis.store), { a: '1', n: '1', r: '1' });
    await pass(1_000);
    assert.deepEqual(await one.fields(id, redis.store), { a: '3', n: '6' });
    assert.equal((await redis.store.load(id, one.now()))?.version, 4);
  });

  it('gets nothing twice that it has', async () => {
    const id = await one.session({ n: '0' });
    for (let i = 0; i < 20; i++) await one.add(id, 'n', 1);
    redis.failOver();
    await pass(1_000);
    assert.deepEqual(await one.fields(id, redis.store), { n: '20' });
  });

  it('gets what it lacks of a session once, however much of it survived', async () => {
    for (let survived = 0; survived <= 12; survived++) {
      const id = await one.session({ n: '0', a: '-1' });
      for (let i = 0; i < 12; i++) {
        redis.isReplicating = i < survived;
        await one.add(id, 'n', 1);
        await one.set(id, { a: String(i) });
      }
      redis.failOver();
      await pass(1_000);
      assert.deepEqual(await one.fields(id, redis.store), { n: '12', a: '11' }, `${survived} survived`);
    }
  });

  it('gets nothing again that it has had so long ago that it forgot, even if nobody could tell by the fields', async () => {
    const id = await one.session({ a: '1' });
    await one.set(id, { a: '2' });
    await two.set(id, { a: '1' }, redis.store);
    for (let i = 0; i < 10; i++) await two.set(id, { b: String(i) }, redis.store);
    redis.failOver();
    await pass(1_000);
    assert.deepEqual(await one.fields(id, redis.store), { a: '1', b: '9' });
  });

  it('keeps what was written to it since', async () => {
    const id = await one.session({ a: '1', b: '1' });
    redis.isReplicating = false;
    await one.set(id, { a: '2', b: '2' });
    redis.failOver();
    await two.set(id, { a: '9' }, redis.store);
    await pass(2_000);
    assert.deepEqual(await one.fields(id, redis.store), { a: '9', b: '2' });
  });

  it('gets no session back that is gone', async () => {
    const [id, elsewhere] = [await one.session({ a: '1' }), await one.session({ a: '1' })];
    redis.isReplicating = false;
    await one.set(id, { a: '2' });
    await one.store.destroy(id, one.now());
    await one.set(elsewhere, { a: '2' });
    await two.store.destroy(elsewhere, two.now());
    redis.failOver();
    await pass(2_000);
    assert.equal(await one.fields(id, redis.store), undefined);
    assert.equal(await one.fields(elsewhere, redis.store), undefined);
  });

  it('makes no session that it does not have: it might have been ended elsewhere', async () => {
    redis.isReplicating = false;
    const id = await one.session({ a: '1' });
    await one.set(id, { a: '2' });
    redis.failOver();
    await pass(2_000);
    assert.equal(await one.fields(id, redis.store), undefined);
  });

  it('is told of every other end again: a new id, one of a list, all of a principal', async () => {
    const ids = [newSessionId(), newSessionId(), newSessionId()] as const;
    const principal = new Map([[ids[2], 'ada']]);
    for (const id of ids) {
      await one.store.commit(id, patchOf({ principal: principal.get(id), set: new Map([['a', '1']]) }), one.now());
    }
    redis.isReplicating = false;
    await one.store.retire(ids[0], one.now() + 10_000, one.now());
    await one.store.end(sessionKey(ids[1]), one.now());
    await one.store.revoke('ada', one.now());
    redis.failOver();
    assert.equal((await redis.store.load(ids[0], one.now()))?.isRetired, false);
    await pass(1_000);
    assert.equal((await redis.store.load(ids[0], one.now()))?.isRetired, true);
    assert.equal(await redis.store.load(ids[1], one.now()), undefined);
    assert.equal(await redis.store.load(ids[2], one.now()), undefined);
  });

  it('gets what two instances wrote on top of each other, whoever comes first', async () => {
    const id = await one.session({ a: '1' });
    await two.store.load(id, two.now());
    redis.isReplicating = false;
    for (let i = 2; i <= 7; i += 2) {
      await one.set(id, { a: String(i) });
      await two.store.load(id, two.now());
      await two.set(id, { a: String(i + 1) });
      await one.store.load(id, one.now());
    }
    redis.failOver();
    for (let passed = 0; passed < 3_000; passed += 50) {
      await two.pass(50);
      await one.pass(50);
    }
    assert.deepEqual(await one.fields(id, redis.store), { a: '7' });
  });

  it('gets what is older than 10 s by an outage, but not what was before that', async () => {
    const [old, late] = [await one.session({ a: '1' }), await one.session({ a: '1' })];
    redis.isReplicating = false;
    await one.set(old, { a: '2' });
    await pass(10_500);
    await one.set(late, { a: '2' });
    await one.goDown();
    await pass(20_000);
    redis.failOver();
    await one.comeBack();
    assert.deepEqual(await one.fields(old, redis.store), { a: '1' });
    assert.deepEqual(await one.fields(late, redis.store), { a: '2' });
  });

  it('gets the rest when it answers again', async () => {
    const id = await one.session({ a: '1' });
    const last = await one.session({ a: '1' });
    redis.isReplicating = false;
    await one.set(id, { a: '2' });
    await one.set(last, { a: '2' });
    one.link.mode = 'dead';
    redis.failOver();
    await pass(5_000);
    assert.equal(one.store.state, 'down');
    await one.comeBack();
    await pass(2_000);
    assert.deepEqual(await one.fields(id, redis.store), { a: '2' });
    assert.deepEqual(await one.fields(last, redis.store), { a: '2' });
  });

  it('is not added to a second time if the answer to the first is lost', async () => {
    const id = await one.session({ n: '1' });
    redis.isReplicating = false;
    await one.add(id, 'n', 1);
    // A load and a commit.
    one.link.next.push('up', 'deaf');
    redis.failOver();
    await pass(200);
    // So many that the name is forgotten.
    for (let i = 0; i < 10; i++) await two.add(id, 'n', 10, redis.store);
    await pass(2_000);
    assert.deepEqual(await one.fields(id, redis.store), { n: '102' });
  });

  it('is not added to a second time where its versions no longer tell', async () => {
    const id = await one.session({ n: '0' });
    redis.isReplicating = false;
    // By an instance that dies with the master.
    for (let i = 0; i < 6; i++) await two.add(id, 'n', 1, redis.store);
    await one.store.load(id, one.now());
    await one.add(id, 'n', 100);
    redis.failOver();
    // A load each 100 ms, until nobody can be expected to send what came before; a refusal; then the commit.
    one.link.next.push(...Array.from({ length: 12 }, () => 'up' as const), 'deaf', 'dead', 'dead', 'dead');
    await pass(1_500);
    assert.deepEqual(await one.fields(id, redis.store), { n: '100' });
    for (let i = 0; i < 9; i++) await two.add(id, 'n', 1, redis.store);
    await one.comeBack();
    assert.deepEqual(await one.fields(id, redis.store), { n: '109' });
  });

  it('gets what was acknowledged last, though it has answered something else before it was asked who it is', async () => {
    const [id, other] = [await one.session({ a: '1' }), await one.session({ a: '1' })];
    redis.isReplicating = false;
    await one.set(id, { a: '2' });
    // Nobody asks anything for a while.
    one.clock.advance(20_000);
    redis.failOver();
    await one.store.load(other, one.now());
    await one.set(other, { a: '2' });
    redis.reconnect();
    await pass(1_000);
    assert.deepEqual(await one.fields(id, redis.store), { a: '2' });
  });

  it('is not told what it must have had for long', async () => {
    const id = await one.session({ a: '1' });
    await one.set(id, { a: '2' });
    one.clock.advance(10_001);
    await one.store.load(id, one.now());
    one.link.calls.length = 0;
    redis.failOver();
    await pass(1_000);
    assert.deepEqual(one.link.calls, []);
  });

  it('is asked nothing and told nothing if it is still the same, whatever it has forgotten', async () => {
    const id = await one.session({ a: '1' });
    await one.set(id, { a: '2' });
    // FLUSHALL is meant.
    await redis.store.destroy(id, one.now());
    one.link.calls.length = 0;
    redis.reconnect();
    await pass(1_000);
    assert.deepEqual(one.link.calls, []);
  });

  it('is found without a new connection, after a failure', async () => {
    const id = await one.session({ a: '1' });
    redis.isReplicating = false;
    await one.set(id, { a: '2' });
    const reconnect = redis.reconnect;
    Object.assign(redis, { reconnect: () => undefined });
    redis.failOver();
    Object.assign(redis, { reconnect });
    one.link.next.push('dead');
    await assert.rejects(one.store.load(id, one.now()), { code: 'SESSION_STORE' });
    await pass(1_000);
    assert.deepEqual(await one.fields(id, redis.store), { a: '2' });
  });

  it('keeps a session that is used meanwhile for as long as it was promised', async () => {
    const id = await one.session({ a: '1' });
    redis.isReplicating = false;
    const expiresAt = one.now() + 3 * HOUR;
    await one.store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]), expiresAt }), one.now());
    redis.failOver();
    await pass(1_000);
    assert.equal((await redis.store.load(id, one.now()))?.expiresAt, expiresAt);
  });
});
