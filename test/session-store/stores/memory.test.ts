import assert from 'node:assert/strict';
import { memorySessionStore } from '@evenkeel/session-store';
import { patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';

describeSessionStore('memorySessionStore', () => {
  const store = memorySessionStore();
  return { store, other: store, close() {} };
});

describe('memorySessionStore', () => {
  it('forgets the least recently used session when it is full', async () => {
    const store = memorySessionStore({ maxSessions: 2 });
    const patch = patchOf({ createdAt: 0, expiresAt: 100 });
    await store.commit('a', patch, 0);
    await store.commit('b', patch, 0);
    await store.load('a', 0);
    await store.commit('c', patch, 0);
    const found = await Promise.all(['a', 'b', 'c'].map((id) => store.load(id, 0)));
    assert.deepEqual(
      found.map((record) => record !== undefined),
      [true, false, true],
    );
  });

  it('makes room from expired sessions before it forgets live ones', async () => {
    const store = memorySessionStore({ maxSessions: 3 });
    await store.commit('dead', patchOf({ createdAt: 0, expiresAt: 10 }), 0);
    await store.commit('live', patchOf({ createdAt: 0, expiresAt: 100 }), 0);
    for (const id of ['x', 'y']) await store.commit(id, patchOf({ createdAt: 0, expiresAt: 100 }), 50);
    assert.notEqual(await store.load('live', 50), undefined);
  });

  it('refuses options that make no sense', () => {
    for (const maxSessions of [0, 1.5, Number.NaN]) {
      assert.throws(() => memorySessionStore({ maxSessions }), {
        code: 'INVALID_OPTIONS',
        message: /memorySessionStore: `maxSessions` must be an integer from 1 to 10000000, got/,
      });
    }
  });
});
