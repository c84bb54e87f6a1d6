/** What is written while the store is away: what is seen of it meanwhile, and what becomes of it. */
import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { HOUR, patchOf } from '../../conformance/session-store-model.ts';
import { heard, resilienceRig } from '../fixtures/resilience.ts';

const JOURNAL = { whenDown: 'cached', writes: 'journal' } as const;

describe('a store that is away, with a journal', () => {
  it('shows what was written, before and after it is handed over', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1', b: '1', n: '1' });
    await rig.goDown();
    assert.deepEqual(await rig.set(id, { a: '2' }), { version: 1, sums: new Map(), conflicts: new Map() });
    assert.deepEqual(await rig.add(id, 'n', 2), { version: 1, sums: new Map([['n', '3']]), conflicts: new Map() });
    await rig.store.commit(id, patchOf({ mode: 'update', remove: ['b'] }), rig.now());
    const expected = { a: '2', n: '3' };
    assert.deepEqual(await rig.fields(id), expected);
    assert.deepEqual(await rig.fields(id, rig.shared), { a: '1', b: '1', n: '1' });
    await rig.comeBack();
    assert.deepEqual(await rig.fields(id, rig.shared), expected);
    assert.deepEqual(await rig.fields(id), expected);
    assert.equal(rig.store.journalled, 0);
  });

  it('hides what others remember of a session that was written to', async () => {
    const rig = resilienceRig(JOURNAL);
    const [id, other] = [await rig.session({ a: '1' }), await rig.session({ a: '1' })];
    Object.assign(rig.link, { peek: rig.shared.peek!.bind(rig.shared) });
    await rig.goDown();
    await rig.set(id, { a: '2' });
    assert.equal(rig.store.peek(id, rig.now()), null);
    assert.deepEqual((await rig.store.load(id, rig.now()))?.fields, new Map([['a', '2']]));
    assert.deepEqual(rig.store.peek(other, rig.now())?.fields, new Map([['a', '1']]));
  });

  it('makes one commit of all changes to a session that were never sent', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1', n: '0' });
    await rig.goDown();
    for (let i = 2; i <= 50; i++) {
      await rig.set(id, { a: String(i) });
      await rig.add(id, 'n', 1);
    }
    assert.equal(rig.store.journalled, 3);
    await rig.comeBack();
    const record = await rig.shared.load(id, rig.now());
    assert.equal(record?.version, 2);
    assert.deepEqual(Object.fromEntries(record.fields), { a: '50', n: '49' });
  });

  it('follows the order of what was done to one field', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ set: '1', removed: '1', summed: '1' });
    await rig.goDown();
    await rig.add(id, 'set', 5);
    await rig.set(id, { set: '3' });
    await rig.add(id, 'set', 1);
    await rig.set(id, { removed: '2' });
    await rig.store.commit(id, patchOf({ mode: 'update', remove: ['removed', 'summed'] }), rig.now());
    await rig.add(id, 'summed', 7);
    await rig.comeBack();
    assert.deepEqual(await rig.fields(id, rig.shared), { set: '4', summed: '7' });
  });

  it('destroys first, and tells nobody meanwhile that the session is there', async () => {
    const rig = resilienceRig(JOURNAL);
    const [id, other] = [await rig.session({ a: '1' }), await rig.session({ a: '1' })];
    await rig.goDown();
    await rig.set(other, { a: '2' });
    await rig.set(id, { a: '2' });
    assert.deepEqual((await rig.store.destroy(id, rig.now()))?.fields, new Map([['a', '2']]));
    assert.equal(await rig.store.load(id, rig.now()), undefined);
    assert.equal(await rig.set(id, { a: '3' }), undefined);
    assert.equal(await rig.store.touch(id, rig.now() + HOUR, rig.now()), false);
    assert.equal(await rig.store.destroy(id, rig.now()), undefined);
    rig.link.calls.length = 0;
    await rig.comeBack();
    // A trial commits and destroys a session of its own.
    assert.deepEqual(rig.link.calls, ['commit', 'destroy', 'destroy', 'commit']);
    assert.equal(await rig.fields(id, rig.shared), undefined);
    assert.equal(rig.store.journalled, 0);
  });

  it('hands nothing over for a session that it made and destroyed', async () => {
    const rig = resilienceRig({ whenDown: 'open' });
    await rig.goDown();
    const id = newSessionId();
    await rig.store.commit(id, patchOf(), rig.now());
    await rig.store.destroy(id, rig.now());
    assert.equal(rig.store.journalled, 0);
    assert.equal(await rig.store.load(id, rig.now()), undefined);
  });

  it('revives no session that somebody else destroyed meanwhile, and counts what it dropped', async () => {
    const recovered = await heard('recovered', async () => {
      const rig = resilienceRig(JOURNAL);
      const id = await rig.session({ a: '1' });
      await rig.goDown();
      await rig.set(id, { a: '2', b: '2' });
      await rig.shared.destroy(id, rig.now());
      await rig.comeBack();
      assert.equal(await rig.fields(id, rig.shared), undefined);
      assert.equal(await rig.fields(id), undefined);
    });
    assert.deepEqual(
      recovered.map(({ replayed, dropped }) => [replayed, dropped]),
      [[0, 2]],
    );
  });

  it('keeps a session alive that was used meanwhile', async () => {
    const rig = resilienceRig({ ...JOURNAL, staleIfErrorMs: HOUR });
    const id = await rig.session({ a: '1' });
    await rig.goDown();
    assert.equal(await rig.store.touch(id, rig.now() + 2 * HOUR, rig.now()), true);
    const until = rig.now() + 2 * HOUR;
    await rig.comeBack();
    const record = await rig.shared.load(id, rig.now());
    assert.equal(record?.expiresAt, until);
    assert.equal(record.version, 1);
  });

  it('adds what was never sent, however much others have added meanwhile', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1' });
    await rig.goDown();
    await rig.add(id, 'n', 1);
    for (let i = 0; i < 10; i++) await rig.add(id, 'n', 10, rig.shared);
    await rig.comeBack();
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '102' });
  });

  it('drops what comes too late for its session', async () => {
    const recovered = await heard('recovered', async () => {
      const rig = resilienceRig(JOURNAL);
      const id = await rig.session({ a: '1' });
      await rig.goDown();
      const patch = patchOf({ mode: 'update', expiresAt: rig.now() + 1_000, set: new Map([['a', '2']]) });
      await rig.store.commit(id, patch, rig.now());
      await rig.pass(1_000);
      assert.equal(await rig.set(id, { a: '3' }), undefined);
      await rig.comeBack();
      assert.equal(rig.store.journalled, 0);
    });
    assert.deepEqual(
      recovered.map(({ replayed, dropped }) => [replayed, dropped]),
      [[0, 1]],
    );
  });

  it('keeps nothing that needs the store: a condition, a new id, a list, a revocation', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1' });
    await rig.goDown();
    const conditional = patchOf({ mode: 'update', expect: new Map([['a', '1']]), set: new Map([['a', '2']]) });
    await assert.rejects(rig.store.commit(id, conditional, rig.now()), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.retire(id, rig.now() + 10, rig.now()), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.list('ada', rig.now()), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.revoke('ada', rig.now()), { code: 'SESSION_STORE' });
    assert.equal(rig.store.journalled, 0);
  });

  it('keeps no change to a session of which it knows nothing', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = newSessionId();
    await rig.shared.commit(id, patchOf({ set: new Map([['a', '1']]) }), rig.now());
    await rig.goDown();
    await assert.rejects(rig.set(id, { a: '2' }), { code: 'SESSION_STORE' });
  });

  it('refuses what is too much, loses nothing of what it took, and takes a logout all the same', async () => {
    const rig = resilienceRig({ ...JOURNAL, maxJournalled: 3 });
    const [id, other] = [await rig.session({ a: '1' }), await rig.session({ a: '1' })];
    await rig.goDown();
    await rig.set(id, { a: '2', b: '2' });
    await assert.rejects(rig.set(id, { c: '2' }), { code: 'SESSION_STORE' });
    await assert.rejects(rig.set(other, { a: '2' }), { code: 'SESSION_STORE' });
    await assert.rejects(rig.store.destroy(other, rig.now()), { code: 'SESSION_STORE' });
    await rig.set(id, { a: '3' });
    assert.deepEqual(await rig.fields(id), { a: '3', b: '2' });
    await rig.store.destroy(id, rig.now());
    await rig.store.destroy(other, rig.now());
    await rig.comeBack();
    assert.equal(await rig.fields(id, rig.shared), undefined);
    assert.equal(await rig.fields(other, rig.shared), undefined);
  });

  it('refuses more text than 64 Mi characters', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1' });
    await rig.goDown();
    const large = 'x'.repeat(20 * 1_048_576);
    for (const field of ['b', 'c', 'd']) await rig.set(id, { [field]: large });
    await assert.rejects(rig.set(id, { e: large }), { code: 'SESSION_STORE' });
    await rig.set(id, { b: '1' });
    await rig.set(id, { e: large });
  });
});
