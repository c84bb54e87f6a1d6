import assert from 'node:assert/strict';
import { BalancerError } from '@evenkeel/core';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { encrypted, memorySessionStore, type CommitReceipt, type SessionStore } from '@evenkeel/session-store';
import { HOUR, NOW, patchOf } from '../../conformance/session-store-model.ts';

const keys = [Buffer.alloc(32, 1)];

describe('a commit with a condition, over encryption', () => {
  /** Runs before each commit that reaches the inner store. */
  let beforeCommit: () => Promise<unknown>;
  let commits: number;
  let inner: SessionStore;
  let store: SessionStore;
  /** Another instance, whose commits nobody interferes with. */
  let other: SessionStore;
  let id: string;

  beforeEach(async () => {
    inner = memorySessionStore();
    other = encrypted(inner, { keys });
    beforeCommit = async () => undefined;
    commits = 0;
    const { load, touch, destroy, retire, list, end, revoke } = bound(inner);
    store = encrypted(
      {
        load,
        touch,
        destroy,
        retire,
        list,
        end,
        revoke,
        async commit(...parameters) {
          commits++;
          await beforeCommit();
          return inner.commit(...parameters);
        },
      },
      { keys },
    );
    id = newSessionId();
    await other.commit(id, patchOf({ set: new Map([['n', '1']]) }), NOW);
  });

  function set(at: SessionStore, field: string, text: string): Promise<CommitReceipt | undefined> {
    return at.commit(id, patchOf({ mode: 'update', set: new Map([[field, text]]) }), NOW);
  }

  async function valueOf(name: string): Promise<string | undefined> {
    return (await other.load(id, NOW))?.fields.get(name);
  }

  /** Does something before the next commit only. */
  function once(work: () => Promise<unknown>): void {
    beforeCommit = async () => {
      beforeCommit = async () => undefined;
      await work();
    };
  }

  const addTwo = patchOf({ mode: 'update', add: new Map([['n', 2]]), set: new Map([['by', '"me"']]) });

  it('adds to the value of somebody who was faster', async () => {
    once(() => set(other, 'n', '40'));
    const receipt = await store.commit(id, addTwo, NOW);
    assert.deepEqual([receipt?.version, receipt?.sums.get('n'), await valueOf('n')], [3, '42', '42']);
    assert.equal(commits, 2);
  });

  it('is not overtaken by those of its own process', async () => {
    await Promise.all(Array.from({ length: 50 }, () => store.commit(id, addTwo, NOW)));
    assert.deepEqual([await valueOf('n'), commits], ['101', 50]);
  });

  it('gives up when it is overtaken a hundred times', async () => {
    let n = 1;
    beforeCommit = () => set(other, 'n', String(++n));
    await assert.rejects(store.commit(id, addTwo, NOW), { code: 'SESSION_STORE', message: /changed too often/ });
    assert.deepEqual([commits, await valueOf('by')], [100, undefined]);
  });

  it('stores nothing and tells the values in question when they are not as expected', async () => {
    await set(other, 'a', '"x"');
    const expect = new Map([
      ['n', '1'],
      ['a', '"y"'],
      ['missing', '1'],
    ]);
    const receipt = await store.commit(id, { ...addTwo, expect }, NOW);
    assert.deepEqual([receipt?.version, Object.fromEntries(receipt!.conflicts)], [2, { a: '"x"', missing: undefined }]);
    assert.deepEqual([await valueOf('n'), await valueOf('by')], ['1', undefined]);
  });

  it('holds a field to what it held when it was read, until it is stored', async () => {
    once(() => set(other, 'n', '7'));
    const receipt = await store.commit(id, { ...addTwo, expect: new Map([['n', '1']]) }, NOW);
    assert.deepEqual(Object.fromEntries(receipt!.conflicts), { n: '7' });
    assert.equal(await valueOf('n'), '7');
  });

  it('takes the same value in another ciphertext for the same value', async () => {
    once(() => set(other, 'n', '1'));
    const patch = patchOf({ mode: 'update', set: new Map([['n', '5']]), expect: new Map([['n', '1']]) });
    assert.equal((await store.commit(id, patch, NOW))?.conflicts.size, 0);
    assert.equal(await valueOf('n'), '5');
  });

  it('sees a value that became what it expects', async () => {
    once(() => set(other, 'n', '3'));
    const patch = patchOf({ mode: 'update', set: new Map([['n', '5']]), expect: new Map([['n', '3']]) });
    assert.equal((await store.commit(id, patch, NOW))?.conflicts.size, 0);
    assert.equal(await valueOf('n'), '5');
  });

  it('is applied once when it is sent again under its name, and answers with what is stored', async () => {
    const named = { ...addTwo, name: 'AAAAAAAA' };
    await store.commit(id, named, NOW);
    const again = await store.commit(id, named, NOW);
    assert.deepEqual([again?.version, again?.sums.get('n'), await valueOf('n')], [2, '3', '3']);
    await set(other, 'n', '"text"');
    assert.equal((await store.commit(id, named, NOW))?.version, 3);
    await other.retire(id, NOW + HOUR, NOW);
    assert.equal((await store.commit(id, named, NOW))?.version, 3);
    assert.equal(await valueOf('n'), '"text"');
  });

  it('is accepted again under its name though the fields are no longer what it expected', async () => {
    const named = patchOf({
      mode: 'update',
      name: 'AAAAAAAA',
      set: new Map([['n', '5']]),
      expect: new Map([['n', '1']]),
    });
    await store.commit(id, named, NOW);
    assert.deepEqual((await store.commit(id, named, NOW))?.conflicts, new Map());
    assert.equal((await store.commit(id, { ...named, name: 'BBBBBBBB' }, NOW))?.conflicts.get('n'), '5');
  });

  it('refuses to add to what is no integer, under a name too', async () => {
    await set(other, 'n', '"1"');
    for (const name of [undefined, 'AAAAAAAA'])
      await assert.rejects(store.commit(id, { ...addTwo, name }, NOW), { code: 'SESSION_FIELD' });
    assert.deepEqual([await valueOf('n'), await valueOf('by')], ['"1"', undefined]);
  });

  it('changes neither a session that is gone nor one that is retired', async () => {
    once(() => other.destroy(id, NOW));
    assert.equal(await store.commit(id, addTwo, NOW), undefined);
    assert.equal(await store.commit(id, addTwo, NOW), undefined);
    id = newSessionId();
    await other.commit(id, patchOf({ set: new Map([['n', '1']]) }), NOW);
    await other.retire(id, NOW + HOUR, NOW);
    assert.equal(await store.commit(id, addTwo, NOW), undefined);
    assert.equal(await valueOf('n'), '1');
  });

  it('has nothing against a field of a retired session that it could not add to', async () => {
    await set(other, 'n', '"1"');
    await other.retire(id, NOW + HOUR, NOW);
    assert.equal(await store.commit(id, addTwo, NOW), undefined);
  });

  it('fails with the one before it when the store does not answer, and leaves the next one alone', async () => {
    const down = new BalancerError('SESSION_STORE', 'down');
    beforeCommit = () => Promise.reject(down);
    const results = await Promise.allSettled([1, 2, 3].map(() => store.commit(id, addTwo, NOW)));
    assert.ok(results.every((result) => result.status === 'rejected' && result.reason === down));
    assert.equal(commits, 1);
    beforeCommit = async () => undefined;
    assert.equal((await store.commit(id, addTwo, NOW))?.sums.get('n'), '3');
  });

  it('does not fail with one before it that could not be added', async () => {
    const results = await Promise.allSettled([
      store.commit(id, patchOf({ mode: 'update', add: new Map([['n', Number.MAX_SAFE_INTEGER]]) }), NOW),
      store.commit(id, addTwo, NOW),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });
});

function bound(store: SessionStore): SessionStore {
  return new Proxy(store, { get: (target, name) => Reflect.get(target, name).bind(target) });
}
