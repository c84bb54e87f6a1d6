/** Laws of commits that are told what to expect, and of commits that are sent again. */
import assert from 'node:assert/strict';
import { HOUR, NOW, patchOf, stored } from './session-store-model.ts';
import type { Law } from './session-store-model.ts';

const update = (patch: Parameters<typeof patchOf>[0]): ReturnType<typeof patchOf> =>
  patchOf({ mode: 'update', ...patch });

export const CONDITION_LAWS: Readonly<Record<string, Law>> = {
  'stores a commit whose expectations hold': async ({ store, other }) => {
    const id = await stored(store, { a: '1', b: '"x"' });
    const expect = new Map([
      ['a', '1'],
      ['c', undefined],
    ]);
    const receipt = await other.commit(id, update({ expect, set: new Map([['a', '2']]) }), NOW);
    assert.deepEqual(receipt, { version: 2, sums: new Map(), conflicts: new Map() });
    assert.equal((await store.load(id, NOW))?.fields.get('a'), '2');
  },

  'stores nothing of a commit that expects something else, and says what is there': async ({ store, other }) => {
    const id = await stored(store, { a: '1', b: '"x"', n: '5' });
    const expect = new Map<string, string | undefined>([
      ['a', '0'],
      ['b', undefined],
      ['n', '5'],
      ['gone', '1'],
    ]);
    const patch = update({ expect, set: new Map([['a', '2']]), remove: ['b'], add: new Map([['n', 1]]) });
    const receipt = await other.commit(id, { ...patch, expiresAt: NOW + 9 * HOUR }, NOW + 5);
    assert.equal(receipt?.version, 1);
    assert.deepEqual(receipt.sums, new Map());
    assert.deepEqual(Object.fromEntries(receipt.conflicts), { a: '1', b: '"x"', gone: undefined });
    const record = await store.load(id, NOW);
    assert.deepEqual(Object.fromEntries(record?.fields ?? []), { a: '1', b: '"x"', n: '5' });
    assert.deepEqual([record?.version, record?.touchedAt, record?.expiresAt], [1, NOW, NOW + HOUR]);
  },

  'tells values apart that differ in form only': async ({ store }) => {
    const id = await stored(store, { a: '1', empty: '' });
    for (const value of ['1 ', '01', '1.0', '"1"', '']) {
      const receipt = await store.commit(id, update({ expect: new Map([['a', value]]) }), NOW);
      assert.deepEqual(Object.fromEntries(receipt?.conflicts ?? []), { a: '1' }, JSON.stringify(value));
    }
    const receipt = await store.commit(id, update({ expect: new Map([['empty', undefined]]) }), NOW);
    assert.deepEqual(Object.fromEntries(receipt?.conflicts ?? []), { empty: '' });
  },

  'lets one of many win that expect the same': async ({ store, other }) => {
    const id = await stored(store, { a: '0' });
    const receipts = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        (i % 2 ? store : other).commit(
          id,
          update({ expect: new Map([['a', '0']]), set: new Map([['a', String(i + 1)]]) }),
          NOW,
        ),
      ),
    );
    const winners = receipts.flatMap((receipt, i) => (receipt?.conflicts.size === 0 ? [String(i + 1)] : []));
    assert.deepEqual([(await store.load(id, NOW))?.fields.get('a')], winners);
  },

  'expects nothing of a session that is gone': async ({ store }) => {
    const id = await stored(store, {});
    await store.destroy(id, NOW);
    assert.equal(await store.commit(id, update({ expect: new Map([['a', undefined]]) }), NOW), undefined);
  },

  'applies a commit once that is sent again under its name': async ({ store, other }) => {
    const id = await stored(store, { n: '1' }, { name: 'create-1' });
    const patch = update({ name: 'update-1', set: new Map([['a', '1']]), add: new Map([['n', 1]]) });
    await store.commit(id, patch, NOW);
    await store.commit(id, update({ name: 'update-2', set: new Map([['a', '2']]) }), NOW);
    const again = await other.commit(id, patch, NOW);
    assert.deepEqual(again, { version: 3, sums: new Map([['n', '2']]), conflicts: new Map() });
    const create = await other.commit(id, patchOf({ name: 'create-1' }), NOW);
    assert.equal(create?.version, 3);
    assert.deepEqual(Object.fromEntries((await store.load(id, NOW))?.fields ?? []), { n: '2', a: '2' });
  },

  'answers a commit that is sent again with what was stored, even if it would no longer meet its expectations': async ({
    store,
  }) => {
    const id = await stored(store, { a: '1' });
    const patch = update({ name: 'swap-one', expect: new Map([['a', '1']]), set: new Map([['a', '2']]) });
    assert.equal((await store.commit(id, patch, NOW))?.conflicts.size, 0);
    assert.equal((await store.commit(id, patch, NOW))?.conflicts.size, 0);
    assert.equal((await store.load(id, NOW))?.version, 2);
  },
};
