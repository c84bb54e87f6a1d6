import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { HOUR, NOW, patchOf } from '../../conformance/session-store-model.ts';
import { type CacheRig, cacheRig, update } from '../fixtures/cache-rig.ts';

describe('a near cache', () => {
  let clock: CacheRig['clock'];
  let held: CacheRig['held'];
  let listener: CacheRig['listener'];
  let names: CacheRig['names'];
  let store: CacheRig['store'];
  let inner: CacheRig['inner'];
  let cache: CacheRig['cache'];
  let id: string;
  let news: CacheRig['news'];
  let known: CacheRig['known'];
  let pause: CacheRig['pause'];
  let fail: CacheRig['fail'];
  beforeEach(async () => {
    ({ clock, held, listener, names, store, inner, cache, id, news, known, pause, fail } = await cacheRig());
  });

  describe('with writes of its own', () => {
    it('knows what its commit has made of the session', async () => {
      await cache.load(id, NOW);
      const patch = patchOf({ mode: 'update', set: new Map([['b', '2']]), remove: ['a'], add: new Map([['n', 1]]) });
      await cache.commit(id, { ...patch, expiresAt: NOW + 5 }, NOW + 1);
      assert.deepEqual(cache.peek(id, NOW + 1), await store.load(id, NOW + 1));
      assert.equal(cache.peek(id, NOW + 5), null);
      assert.equal(inner.calls.load, 1);
    });

    it('knows a session that it made itself, unless it is somebody’s', async () => {
      const [mine, theirs] = [newSessionId(), newSessionId()];
      await cache.commit(mine, patchOf(), NOW);
      await cache.commit(theirs, patchOf({ principal: 'ada' }), NOW);
      assert.deepEqual(cache.peek(mine, NOW), await store.load(mine, NOW));
      assert.equal(cache.peek(theirs, NOW), null);
    });

    it('drops its copy when somebody else’s commit came in between', async () => {
      await cache.load(id, NOW);
      await store.commit(id, update({ b: '2' }), NOW);
      await cache.commit(id, update({ a: '3' }), NOW);
      assert.equal(cache.peek(id, NOW), null);
    });

    it('drops its copy when the commit met something newer, or nothing', async () => {
      await cache.load(id, NOW);
      await cache.commit(id, { ...update({ a: '2' }), expect: new Map([['a', 'x']]) }, NOW);
      assert.equal(known(), '1');
      await store.commit(id, update({ a: '3' }), NOW);
      await cache.commit(id, { ...update({ a: '4' }), expect: new Map([['a', '1']]) }, NOW);
      assert.equal(cache.peek(id, NOW), null);
      await cache.load(id, NOW);
      await store.destroy(id, NOW);
      assert.equal(await cache.commit(id, update({ a: '5' }), NOW), undefined);
      assert.equal(cache.peek(id, NOW), null);
    });

    it('does not bring back what was dropped while its commit was under way', async () => {
      await cache.load(id, NOW);
      const go = pause();
      const committing = cache.commit(id, update({ a: '2' }), NOW);
      news();
      go();
      await committing;
      assert.equal(cache.peek(id, NOW), null);
      const mine = newSessionId();
      const goAgain = pause();
      const creating = cache.commit(mine, patchOf(), NOW);
      news(mine);
      goAgain();
      await creating;
      assert.equal(cache.peek(mine, NOW), null);
    });

    it('does not keep what it read while its commit was under way', async () => {
      const go = pause();
      const reading = cache.load(id, NOW);
      const committing = cache.commit(id, update({ a: '2' }), NOW);
      const during = cache.load(id, NOW);
      go();
      await Promise.all([reading, committing, during]);
      assert.equal(cache.stats().entries, 0);
      assert.equal((await cache.load(id, NOW))?.fields.get('a'), '2');
    });

    it('gives its copy the time that a touch gave the session', async () => {
      await cache.load(id, NOW);
      assert.equal(await cache.touch(id, NOW + 2 * HOUR, NOW + 7), true);
      assert.deepEqual(cache.peek(id, NOW + HOUR), await store.load(id, NOW + HOUR));
      await store.destroy(id, NOW);
      assert.equal(await cache.touch(id, NOW + 2 * HOUR, NOW), false);
      assert.equal(cache.peek(id, NOW), null);
    });

    for (const [what, end] of [
      ['destroyed', () => cache.destroy(id, NOW)],
      ['retired', () => cache.retire(id, NOW + 10, NOW)],
      ['ended by its key', async () => cache.end(sessionKey(id), NOW)],
    ] as const) {
      it(`answers nothing from memory from the moment on in which a session is ${what}`, async () => {
        await cache.load(id, NOW);
        const go = pause();
        const ending = end();
        assert.equal(cache.peek(id, NOW), null);
        const reading = cache.load(id, NOW);
        go();
        await Promise.all([ending, reading]);
        assert.equal(cache.peek(id, NOW), null);
        assert.deepEqual(await cache.load(id, NOW), await store.load(id, NOW));
      });
    }

    it('answers nothing for a while after a write of which nobody knows whether it took effect', async () => {
      await cache.load(id, NOW);
      const recover = fail('SESSION_STORE');
      await assert.rejects(cache.commit(id, update({ a: '2' }), NOW), { code: 'SESSION_STORE' });
      recover();
      await cache.load(id, NOW);
      news();
      await cache.load(id, NOW);
      assert.equal(cache.peek(id, NOW), null);
      clock.advance(120_000);
      held.confirm(1, clock.now());
      await cache.load(id, NOW);
      assert.equal(known(), '2');
    });

    it('answers again at once after a write that was refused', async () => {
      await cache.load(id, NOW);
      const recover = fail('SESSION_FIELD');
      await assert.rejects(cache.commit(id, update({ a: '2' }), NOW), { code: 'SESSION_FIELD' });
      recover();
      await cache.load(id, NOW);
      assert.equal(known(), '2');
    });
  });

  describe('for a principal', () => {
    let mine: string[];
    beforeEach(async () => {
      mine = [newSessionId(), newSessionId()];
      for (const one of mine) await store.commit(one, patchOf({ principal: 'ada' }), NOW);
      for (const one of [...mine, id]) await cache.load(one, NOW);
    });

    it('drops all sessions at the news of a revocation, and no others', () => {
      listener.changed(names.principal('ada'));
      assert.deepEqual(
        mine.map((one) => cache.peek(one, NOW)),
        [null, null],
      );
      assert.equal(known(), '1');
    });

    it('drops them when it revokes them itself', async () => {
      await cache.revoke('ada', NOW);
      for (const one of mine) assert.equal(await cache.load(one, NOW), undefined);
    });

    it('does not keep a session whose principal was revoked while it was read', async () => {
      news(mine[0]);
      const go = pause();
      const reading = cache.load(mine[0]!, NOW);
      listener.changed(names.principal('ada'));
      go();
      await reading;
      assert.equal(cache.peek(mine[0]!, NOW), null);
    });

    it('drops a copy when the list shows a newer one', async () => {
      await store.commit(mine[0]!, update({ a: '2' }), NOW);
      await cache.list('ada', NOW);
      assert.equal(cache.peek(mine[0]!, NOW), null);
      assert.notEqual(cache.peek(mine[1]!, NOW), null);
    });
  });
});
