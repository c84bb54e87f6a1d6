/** Commits that were sent, and of which nobody knows whether they took effect. */
import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import type { SessionRecord } from '@evenkeel/session-store';
import { HOUR, patchOf } from '../../conformance/session-store-model.ts';
import { heard, resilienceRig } from '../fixtures/resilience.ts';

const JOURNAL = { whenDown: 'cached', writes: 'journal' } as const;

describe('a commit whose answer was lost', () => {
  it('is applied once, though it was carried out', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1' });
    rig.link.next.push('deaf');
    assert.deepEqual(await rig.add(id, 'n', 1), {
      version: 1,
      sums: new Map([['n', '2']]),
      conflicts: new Map(),
    });
    await rig.pass(1_000);
    assert.equal(rig.store.journalled, 0);
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '2' });
  });

  it('is applied, if it was not carried out', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1' });
    rig.link.next.push('dead');
    await rig.add(id, 'n', 1);
    await rig.pass(1_000);
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '2' });
  });

  it('is applied once, though its answer is lost again and again', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1' });
    await rig.goDown('deaf');
    await rig.add(id, 'n', 1);
    await rig.pass(5_000);
    rig.link.mode = 'up';
    rig.link.next.push('up', 'up', 'deaf');
    await rig.pass(10_000);
    assert.equal(rig.store.journalled, 0);
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '2' });
  });

  it('counts with increments of others, as long as its name cannot have been forgotten', async () => {
    for (const mode of ['dead', 'deaf'] as const) {
      const rig = resilienceRig(JOURNAL);
      const id = await rig.session({ n: '1' });
      await rig.goDown();
      rig.link.mode = 'up';
      rig.link.next.push('up', 'up', mode);
      await rig.add(id, 'n', 1);
      for (let i = 0; i < 6; i++) await rig.add(id, 'n', 10, rig.shared);
      await rig.comeBack();
      assert.deepEqual(await rig.fields(id, rig.shared), { n: '62' }, mode);
    }
  });

  it('adds nothing where nobody knows any more whether it was carried out', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1', a: '1' });
    rig.link.next.push('deaf');
    await rig.add(id, 'n', 1);
    for (let i = 0; i < 10; i++) await rig.add(id, 'n', 10, rig.shared);
    const conflicts = await heard('conflict', () => rig.pass(1_000));
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '102', a: '1' });
    assert.deepEqual(
      conflicts.map(({ field, kept }) => [field, kept]),
      [['n', 'remote']],
    );
  });

  it('keeps its content: what is written later goes into a commit of its own', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1' });
    await rig.goDown();
    await rig.add(id, 'n', 1);
    // A trial, and the commit.
    rig.link.next.push('up', 'up', 'deaf');
    await rig.pass(500);
    await rig.add(id, 'n', 1);
    await rig.comeBack();
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '3' });
  });

  it('keeps its content: it goes into no other commit', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ n: '1' });
    let answer = (): void => undefined;
    rig.link.until = new Promise((resolve) => (answer = resolve));
    rig.link.next.push('deaf');
    const late = rig.add(id, 'n', 1);
    await rig.pass(50);
    rig.link.until = undefined;
    await rig.goDown();
    await rig.add(id, 'n', 1);
    answer();
    await late;
    assert.equal(rig.clock.pending, 1);
    assert.deepEqual(await rig.fields(id), { n: '3' });
    await rig.comeBack();
    assert.deepEqual(await rig.fields(id, rig.shared), { n: '3' });
  });

  it('makes no session a second time: it may have been ended elsewhere', async () => {
    const rig = resilienceRig({ whenDown: 'open' });
    await rig.goDown();
    const id = newSessionId();
    await rig.store.commit(id, patchOf({ set: new Map([['a', '1']]) }), rig.now());
    rig.link.next.push('up', 'up', 'deaf');
    await rig.pass(500);
    assert.ok(await rig.shared.destroy(id, rig.now()));
    await rig.comeBack();
    assert.equal(await rig.fields(id, rig.shared), undefined);
    assert.equal(rig.store.journalled, 0);
  });

  it('does not undo what a later commit did', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1' });
    rig.link.next.push('deaf');
    await rig.set(id, { a: '2' });
    await rig.set(id, { a: '3' }, rig.shared);
    await rig.pass(1_000);
    assert.deepEqual(await rig.fields(id, rig.shared), { a: '3' });
  });

  it('is sent once, however many ask for the session meanwhile', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1' });
    rig.link.next.push('dead');
    await rig.set(id, { a: '2' });
    rig.link.calls.length = 0;
    await Promise.all(Array.from({ length: 5 }, () => rig.fields(id)));
    assert.deepEqual(rig.link.calls, ['commit', 'load', 'load', 'load', 'load', 'load']);
  });

  it('is seen by the next read, whoever recalls the session', async () => {
    const fields = new Map([['a', '1']]);
    const rig = resilienceRig({ ...JOURNAL, recall: (_, now) => ({ ...recordAt(now), fields }) });
    const id = newSessionId();
    await rig.goDown('deaf');
    await rig.comeBack();
    rig.link.next.push('dead');
    rig.link.mode = 'dead';
    await rig.set(id, { a: '2' });
    assert.deepEqual(await rig.fields(id), { a: '2' });
  });

  it('comes before what the same session is asked next', async () => {
    const rig = resilienceRig(JOURNAL);
    const id = await rig.session({ a: '1' });
    rig.link.next.push('dead');
    await rig.set(id, { a: '2' });
    assert.deepEqual(await rig.fields(id), { a: '2' });
    assert.deepEqual(await rig.fields(id, rig.shared), { a: '2' });
    assert.equal(rig.store.journalled, 0);
  });
});

function recordAt(now: number): Omit<SessionRecord, 'fields'> {
  const times = { createdAt: now, touchedAt: now, expiresAt: now + HOUR };
  return { version: 1, ...times, principal: undefined, isRetired: false };
}
