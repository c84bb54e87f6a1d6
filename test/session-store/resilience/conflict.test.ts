/** Fields that were changed here while the store was away, and by somebody else as well. */
import assert from 'node:assert/strict';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { heard, resilienceRig } from '../fixtures/resilience.ts';

const JOURNAL = { whenDown: 'cached', writes: 'journal' } as const;

describe('a field that somebody else changed meanwhile', () => {
  async function conflicting(onConflict: 'remote' | 'local' | ((conflict: object) => unknown)) {
    const rig = resilienceRig({ ...JOURNAL, onConflict });
    const id = await rig.session({ a: '"base"', b: '1' });
    await rig.goDown();
    await rig.set(id, { a: '"local"', b: '2' });
    await rig.set(id, { a: '"remote"' }, rig.shared);
    const conflicts = await heard('conflict', () => rig.comeBack());
    assert.equal(rig.store.journalled, 0);
    return { fields: await rig.fields(id, rig.shared), conflicts, key: sessionKey(id) };
  }

  it('stays as it is in the store, and the other changes go in', async () => {
    const { fields, conflicts, key } = await conflicting('remote');
    assert.deepEqual(fields, { a: '"remote"', b: '2' });
    assert.deepEqual(conflicts, [{ key, principal: undefined, version: 3, field: 'a', kept: 'remote' }]);
  });

  it('becomes what was written here, with `onConflict: "local"`', async () => {
    const { fields, conflicts } = await conflicting('local');
    assert.deepEqual(fields, { a: '"local"', b: '2' });
    assert.deepEqual(
      conflicts.map(({ kept }) => kept),
      ['local'],
    );
  });

  it('becomes what a function makes of both', async () => {
    const { fields, conflicts } = await conflicting((conflict) => ({ ...conflict, merged: true }));
    const merged = { field: 'a', base: 'base', local: 'local', remote: 'remote', merged: true };
    assert.deepEqual(JSON.parse(fields?.['a'] ?? ''), merged);
    assert.deepEqual(
      conflicts.map(({ kept }) => kept),
      ['merged'],
    );
  });

  it('goes if the function makes nothing of both', async () => {
    assert.deepEqual((await conflicting(() => undefined)).fields, { b: '2' });
  });

  it('stays as it is if the function fails, or makes what cannot be stored', async () => {
    for (const onConflict of [() => assert.fail('no'), () => () => 1]) {
      assert.deepEqual((await conflicting(onConflict)).fields, { a: '"remote"', b: '2' });
    }
  });

  it('is no conflict if both mean the same, or if it is added to', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1', n: '1' });
    await rig.goDown();
    await rig.set(id, { a: '2' });
    await rig.add(id, 'n', 1);
    await rig.set(id, { a: '2' }, rig.shared);
    await rig.add(id, 'n', 1, rig.shared);
    assert.deepEqual(await heard('conflict', () => rig.comeBack()), []);
    assert.deepEqual(await rig.fields(id, rig.shared), { a: '2', n: '3' });
  });

  it('stays as it is if it can no longer be added to', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1', n: '1' });
    await rig.goDown();
    await rig.add(id, 'n', 1);
    await rig.set(id, { a: '2' });
    await rig.set(id, { n: '"text"' }, rig.shared);
    const conflicts = await heard('conflict', () => rig.comeBack());
    assert.deepEqual(
      conflicts.map(({ field, kept }) => [field, kept]),
      [['n', 'remote']],
    );
    assert.deepEqual(await rig.fields(id, rig.shared), { a: '2', n: '"text"' });
  });
});
