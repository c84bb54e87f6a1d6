/** What a caller gets while the store is away, by mode. */
import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { sessionChannels } from '../../../packages/session-store/src/channels.ts';
import { resilient } from '../../../packages/session-store/src/resilience/resilient.ts';
import { HOUR, patchOf } from '../../conformance/session-store-model.ts';
import { memorySessionStore } from '@evenkeel/session-store';
import { resilienceRig } from '../fixtures/resilience.ts';

const DOWN = { code: 'SESSION_STORE', message: 'The session store is down', retryAfterSeconds: 1 };

describe('a store that is away', () => {
  it('is asked no more after three failures, and says when to come back', async () => {
    const rig = resilienceRig();
    const id = await rig.session({ a: '1' });
    await rig.goDown();
    rig.link.calls.length = 0;
    await assert.rejects(rig.store.load(id, rig.now()), DOWN);
    await assert.rejects(rig.set(id, { a: '2' }), DOWN);
    await assert.rejects(rig.store.touch(id, rig.now() + HOUR, rig.now()), DOWN);
    await assert.rejects(rig.store.destroy(id, rig.now()), DOWN);
    await assert.rejects(rig.store.retire(id, rig.now(), rig.now()), DOWN);
    await assert.rejects(rig.store.list('ada', rig.now()), DOWN);
    await assert.rejects(rig.store.end('key', rig.now()), DOWN);
    await assert.rejects(rig.store.revoke('ada', rig.now()), DOWN);
    assert.deepEqual(rig.link.calls, []);
    assert.equal(rig.store.state, 'down');
  });

  it('is tried again by nobody who waits, and is back when it can be written to', async () => {
    const rig = resilienceRig();
    const id = await rig.session({ a: '1' });
    await rig.goDown();
    rig.link.calls.length = 0;
    await rig.pass(10_000);
    const tries = rig.link.calls.length;
    assert.ok(tries >= 5 && tries <= 12, `${tries} trials in 10 s`);
    assert.equal(rig.store.state, 'down');
    await rig.comeBack();
    assert.equal(rig.store.state, 'up');
    assert.deepEqual(await rig.fields(id), { a: '1' });
  });

  it('stays down for a server that reads and does not write', async () => {
    const shared = memorySessionStore();
    const rig = resilienceRig({}, { ...wrapped(shared), commit: () => Promise.reject(new Error('READONLY')) });
    const id = newSessionId();
    for (let i = 0; i < 3; i++) await assert.rejects(rig.set(id, { a: '1' }), { code: 'SESSION_STORE' });
    await rig.pass(5_000);
    assert.equal(rig.store.state, 'down');
  });

  it('is not taken for down by answers that are errors', async () => {
    const rig = resilienceRig();
    const id = await rig.session({ a: '"text"' });
    for (let i = 0; i < 5; i++) await assert.rejects(rig.add(id, 'a', 1), { code: 'SESSION_FIELD' });
    assert.equal(rig.store.state, 'up');
  });

  it('tells once that it is down and once that it is back', async () => {
    const told: unknown[] = [];
    const degraded = ({ error }: { error: Error }): unknown => told.push(error.message);
    const recovered = ({ downMs }: { downMs: number }): unknown => told.push(downMs > 0);
    sessionChannels.degraded.subscribe(degraded as never);
    sessionChannels.recovered.subscribe(recovered as never);
    const rig = resilienceRig();
    await rig.goDown();
    await rig.pass(5_000);
    await rig.comeBack();
    sessionChannels.degraded.unsubscribe(degraded as never);
    sessionChannels.recovered.unsubscribe(recovered as never);
    assert.deepEqual(told, ['Redis did not answer', true]);
  });

  it('has no timer left once it is closed', async () => {
    const rig = resilienceRig();
    await rig.goDown();
    assert.equal(rig.clock.pending, 1);
    assert.equal(rig.clock.holding, 0);
    rig.store.close();
    assert.equal(rig.clock.pending, 0);
  });
});

describe('a store that is away, with `whenDown: "cached"`', () => {
  it('answers what was last seen, for 30 s, from the first failure on', async () => {
    const rig = resilienceRig({ whenDown: 'cached' });
    const id = await rig.session({ a: '1' });
    rig.link.mode = 'dead';
    assert.deepEqual(await rig.fields(id), { a: '1' });
    await rig.goDown();
    assert.deepEqual(await rig.fields(id), { a: '1' });
    await rig.pass(29_000);
    assert.deepEqual(await rig.fields(id), { a: '1' });
    await rig.pass(2_000);
    await assert.rejects(rig.store.load(id, rig.now()), { code: 'SESSION_STORE' });
  });

  it('answers what its own last commit made of it', async () => {
    const rig = resilienceRig({ whenDown: 'cached' });
    const id = await rig.session({ a: '1', n: '1' });
    await rig.set(id, { a: '2' });
    await rig.add(id, 'n', 4);
    await rig.goDown();
    assert.deepEqual(await rig.fields(id), { a: '2', n: '5' });
  });

  it('answers nothing for a session of which it has seen only parts', async () => {
    const rig = resilienceRig({ whenDown: 'cached' });
    const id = await rig.session({ a: '1' });
    await rig.set(id, { b: '1' }, rig.shared);
    await rig.set(id, { a: '2' });
    await rig.goDown();
    await assert.rejects(rig.store.load(id, rig.now()), { code: 'SESSION_STORE' });
  });

  it('answers nothing for what it does not know, what was destroyed, and what is over', async () => {
    const rig = resilienceRig({ whenDown: 'cached', staleIfErrorMs: HOUR });
    const [gone, over] = [await rig.session({ a: '1' }), await rig.session({ a: '1' })];
    await rig.store.destroy(gone, rig.now());
    await rig.goDown();
    await assert.rejects(rig.store.load(newSessionId(), rig.now()), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.load(gone, rig.now()), { code: 'SESSION_STORE' });
    rig.clock.advance(HOUR - 5_000);
    await assert.rejects(rig.store.load(over, rig.now()), { code: 'SESSION_STORE' });
  });

  it('answers nothing for what it last saw to be gone', async () => {
    const rig = resilienceRig({ whenDown: 'cached' });
    const id = await rig.session({ a: '1' });
    await rig.shared.destroy(id, rig.now());
    assert.equal(await rig.fields(id), undefined);
    await rig.goDown();
    await assert.rejects(rig.store.load(id, rig.now()), { code: 'SESSION_STORE' });
  });

  it('refuses changes, logouts, and touches, which would be forgotten', async () => {
    const rig = resilienceRig({ whenDown: 'cached' });
    const id = await rig.session({ a: '1' });
    await rig.goDown();
    await assert.rejects(rig.set(id, { a: '2' }), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.destroy(id, rig.now()), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.touch(id, rig.now() + HOUR, rig.now()), { code: 'SESSION_STORE' });
    assert.deepEqual(await rig.fields(id), { a: '1' });
  });

  it('asks whoever recalls more than it does', async () => {
    const rig = resilienceRig({
      whenDown: 'cached',
      recall: (id, now, maxAgeMs) => (maxAgeMs >= 20_000 ? recalled(id, now) : undefined),
    });
    await rig.goDown();
    assert.deepEqual(await rig.fields('known'), { a: '9' });
    await assert.rejects(rig.store.load('unknown', rig.now()), { code: 'SESSION_STORE' });
  });
});

describe('a store that is away, with `whenDown: "open"`', () => {
  it('takes what it does not know for no session', async () => {
    const rig = resilienceRig({ whenDown: 'open' });
    await rig.goDown();
    assert.equal(await rig.store.load(newSessionId(), rig.now()), undefined);
  });

  it('begins new sessions, and stores them when the store is back', async () => {
    const rig = resilienceRig({ whenDown: 'open' });
    await rig.goDown();
    const id = newSessionId();
    await rig.store.commit(id, patchOf({ set: new Map([['a', '1']]), expiresAt: rig.now() + HOUR }), rig.now());
    await rig.add(id, 'n', 2);
    await rig.pass(60_000);
    assert.deepEqual(await rig.fields(id), { a: '1', n: '2' });
    await rig.comeBack();
    assert.deepEqual(await rig.fields(id, rig.shared), { a: '1', n: '2' });
    assert.equal(rig.store.journalled, 0);
  });

  it('has room again for new sessions when others are over', async () => {
    const rig = resilienceRig({ whenDown: 'open', maxJournalled: 2 });
    await rig.goDown();
    const begin = (): Promise<unknown> =>
      rig.store.commit(newSessionId(), patchOf({ expiresAt: rig.now() + 60_000 }), rig.now());
    await begin();
    await begin();
    await assert.rejects(begin(), { code: 'SESSION_STORE' });
    rig.clock.advance(60_000);
    await begin();
    assert.equal(rig.store.journalled, 1);
  });

  it('begins none for a principal: only the store knows whether it was revoked', async () => {
    const rig = resilienceRig({ whenDown: 'open' });
    await rig.goDown();
    const patch = patchOf({ principal: 'ada', set: new Map([['a', '1']]) });
    await assert.rejects(rig.store.commit(newSessionId(), patch, rig.now()), { code: 'SESSION_STORE' });
  });

  it('begins none whose making was sent and not answered: it may be ended elsewhere before it is made', async () => {
    const rig = resilienceRig({ whenDown: 'open' });
    rig.link.next.push('deaf');
    await assert.rejects(rig.store.commit(newSessionId(), patchOf(), rig.now()), { code: 'SESSION_STORE' });
    assert.equal(rig.store.journalled, 0);
  });
});

describe('the options of resilient()', () => {
  it('refuse a journal that nobody could read, and a mode that needs one without it', () => {
    const store = memorySessionStore();
    for (const options of [{ writes: 'journal' }, { whenDown: 'open', writes: 'refuse' }] as const) {
      assert.throws(() => resilient(store, options), { code: 'INVALID_OPTIONS', message: /writes: "journal"/ });
    }
    assert.throws(() => resilient(store, { whenDown: 'half' as never }), { message: /`whenDown` must be "closed"/ });
  });
});

function wrapped(store: ReturnType<typeof memorySessionStore>): ReturnType<typeof memorySessionStore> {
  const { load, commit, touch, destroy, retire, list, end, revoke } = store;
  const bound = { load, commit, touch, destroy, retire, list, end, revoke };
  for (const [name, method] of Object.entries(bound)) Reflect.set(bound, name, method.bind(store));
  return bound;
}

function recalled(id: string, now: number): ReturnType<NonNullable<Parameters<typeof resilient>[1]>['recall'] & {}> {
  if (id !== 'known') return undefined;
  const times = { createdAt: now, touchedAt: now, expiresAt: now + HOUR };
  return { version: 1, ...times, principal: undefined, isRetired: false, fields: new Map([['a', '9']]) };
}
