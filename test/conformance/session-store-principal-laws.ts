/** Laws of sessions that belong to somebody. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { HOUR, NOW, patchOf, stored } from './session-store-model.ts';
import type { Law } from './session-store-model.ts';

export const PRINCIPAL_LAWS: Readonly<Record<string, Law>> = {
  'knows from the first moment whose session it is': async ({ store, other }) => {
    const principal = someone();
    const id = await stored(store, { a: '1' }, { principal });
    assert.equal((await other.load(id, NOW))?.principal, principal);
    await other.commit(id, patchOf({ mode: 'update', principal: someone() }), NOW);
    assert.equal((await store.load(id, NOW))?.principal, principal);
    assert.equal((await store.retire(id, NOW + 1_000, NOW))?.principal, principal);
    assert.equal((await store.destroy(id, NOW))?.principal, principal);
  },

  'takes any text for a principal': async ({ store, other }) => {
    for (const principal of ['', 'a b', '{x}', '\u{1f600}', "'; --", '*', '__proto__', 'x'.repeat(1_000)]) {
      const id = await stored(store, {}, { principal });
      assert.equal((await other.load(id, NOW))?.principal, principal);
      await other.revoke(principal, NOW);
      assert.equal(await store.load(id, NOW), undefined, JSON.stringify(principal));
    }
  },

  'lists what somebody can use, oldest first': async ({ store, other }) => {
    const principal = someone();
    const ids: string[] = [];
    for (const age of [2, 3, 1])
      ids.push(await stored(store, { age: String(age) }, { principal, createdAt: NOW - age }));
    const [retired, destroyed] = [await stored(store, {}, { principal }), await stored(store, {}, { principal })];
    await stored(store, {}, { principal, expiresAt: NOW + 5 });
    await store.retire(retired, NOW + HOUR, NOW);
    await store.destroy(destroyed, NOW);
    await stored(store, {}, { principal: someone() });
    await stored(store, {});
    const sessions = await other.list(principal, NOW + 5);
    assert.deepEqual(
      sessions.map(({ record }) => record.fields.get('age')),
      ['3', '2', '1'],
    );
    const keys = sessions.map(({ key }) => key);
    assert.equal(new Set(keys).size, 3);
    assert.ok(!keys.some((key) => ids.includes(key)));
    assert.deepEqual(await other.list(someone(), NOW), []);
  },

  'ends one session of somebody by its key': async ({ store, other }) => {
    const principal = someone();
    const [one, two] = [
      await stored(store, {}, { principal }),
      await stored(store, {}, { principal, createdAt: NOW + 1 }),
    ];
    const [first] = await store.list(principal, NOW);
    assert.equal(await other.end(first!.key, NOW), true);
    assert.equal(await other.end(first!.key, NOW), false);
    assert.equal(await store.load(one, NOW), undefined);
    assert.notEqual(await store.load(two, NOW), undefined);
    assert.equal(await store.end('no such key', NOW), false);
  },

  "ends all sessions of somebody, and nobody else's": async ({ store, other }) => {
    const [ada, eve] = [someone(), someone()];
    const mine = [await stored(store, { a: '1' }, { principal: ada }), await stored(other, {}, { principal: ada })];
    const retired = await stored(store, {}, { principal: ada });
    await store.retire(retired, NOW + 10_000, NOW);
    const hers = await stored(store, {}, { principal: eve });
    await other.revoke(ada, NOW);
    for (const id of [...mine, retired]) {
      assert.equal(await store.load(id, NOW), undefined);
      assert.equal(await store.touch(id, NOW + HOUR, NOW), false);
      await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW);
      assert.equal(await other.load(id, NOW), undefined);
    }
    assert.deepEqual(await store.list(ada, NOW), []);
    assert.notEqual(await store.load(hers, NOW), undefined);
  },

  'lets somebody begin anew after all was ended': async ({ store, other }) => {
    const principal = someone();
    await stored(store, {}, { principal });
    await store.revoke(principal, NOW);
    const id = await stored(other, { a: '1' }, { principal });
    assert.equal((await store.load(id, NOW))?.principal, principal);
    assert.equal((await store.list(principal, NOW)).length, 1);
  },

  'ends nothing of somebody who has nothing': async ({ store }) => {
    await store.revoke(someone(), NOW);
  },
};

function someone(): string {
  return `principal ${randomUUID()}`;
}
