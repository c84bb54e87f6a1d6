/** Laws of sessions that have moved to another id. */
import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { HOUR, NOW, patchOf, stored } from './session-store-model.ts';
import type { Law } from './session-store-model.ts';

const SOON = NOW + 10_000;

export const RETIREMENT_LAWS: Readonly<Record<string, Law>> = {
  'lets a retired session be read until its time is over': async ({ store, other }) => {
    const id = await stored(store, { a: '1' });
    const last = await store.retire(id, SOON, NOW);
    assert.deepEqual([last?.version, Object.fromEntries(last?.fields ?? [])], [1, { a: '1' }]);
    const record = await other.load(id, NOW);
    assert.deepEqual([record?.isRetired, record?.expiresAt, record?.fields], [true, SOON, new Map([['a', '1']])]);
    assert.equal(await other.load(id, SOON), undefined);
  },

  'never changes a retired session': async ({ store, other }) => {
    const id = await stored(store, { a: '1' });
    await store.retire(id, SOON, NOW);
    assert.equal(await other.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW), undefined);
    assert.equal(await other.touch(id, NOW + HOUR, NOW), false);
    await assert.rejects(other.commit(id, patchOf(), NOW), { code: 'SESSION_CORRUPT' });
    const record = await store.load(id, NOW);
    assert.deepEqual([record?.version, record?.touchedAt, record?.expiresAt], [1, NOW, SOON]);
    assert.deepEqual(record?.fields, new Map([['a', '1']]));
  },

  'retires a session once, and answers the same again': async ({ store, other }) => {
    const id = await stored(store, { a: '1' });
    const records = await Promise.all([store.retire(id, SOON, NOW), other.retire(id, SOON + 5_000, NOW)]);
    const again = await store.retire(id, SOON + HOUR, NOW);
    for (const record of [...records, again]) {
      assert.deepEqual([record?.isRetired, Object.fromEntries(record?.fields ?? [])], [true, { a: '1' }]);
    }
    assert.equal(again?.expiresAt, (await other.load(id, NOW))?.expiresAt);
    assert.ok(again!.expiresAt <= SOON + 5_000);
  },

  'never makes a session live longer by retiring it': async ({ store }) => {
    const id = await stored(store, {});
    assert.equal((await store.retire(id, NOW + 2 * HOUR, NOW))?.expiresAt, NOW + HOUR);
  },

  'retires nothing that is not there': async ({ store }) => {
    assert.equal(await store.retire(newSessionId(), SOON, NOW), undefined);
    const id = await stored(store, {});
    assert.equal(await store.retire(id, NOW + 2 * HOUR, NOW + HOUR), undefined);
    const destroyed = await stored(store, {});
    await store.destroy(destroyed, NOW);
    assert.equal(await store.retire(destroyed, SOON, NOW), undefined);
    assert.equal(await store.load(destroyed, NOW), undefined);
  },

  'destroys a retired session as any other': async ({ store, other }) => {
    const id = await stored(store, { a: '1' });
    await store.retire(id, SOON, NOW);
    assert.equal((await other.destroy(id, NOW))?.isRetired, true);
    assert.equal(await store.load(id, NOW), undefined);
  },
};
