import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
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

  it('says that it knows nothing of a session until it was read, and then hands over the same record each time', async () => {
    assert.equal(cache.peek(id, NOW), null);
    const record = await cache.load(id, NOW);
    assert.equal(cache.peek(id, NOW), record);
    assert.equal(await cache.load(id, NOW), record);
    assert.equal(inner.calls.load, 1);
  });

  it('asks once for all who ask at the same time', async () => {
    const go = pause();
    const reads = Array.from({ length: 5 }, () => cache.load(id, NOW));
    go();
    assert.equal(new Set(await Promise.all(reads)).size, 1);
    assert.equal(inner.calls.load, 1);
    assert.equal(cache.stats().shared, 4);
  });

  it('asks the store for whoever wants to be sure, and keeps the answer', async () => {
    await cache.load(id, NOW);
    await store.commit(id, update({ a: '2' }), NOW);
    assert.equal((await cache.load(id, NOW, 'strong'))?.fields.get('a'), '2');
    // Reads never go backwards, though nobody has brought the news yet.
    assert.equal(known(), '2');
  });

  describe('without a lease', () => {
    it('answers nothing when the lease is over, and again when it is confirmed', async () => {
      await cache.load(id, NOW);
      clock.advance(599);
      assert.equal(known(), '1');
      clock.advance(1);
      assert.equal(cache.peek(id, NOW), null);
      held.confirm(1, 1_550);
      assert.equal(known(), '1');
    });

    it('answers nothing that was read before the lease was lost', async () => {
      await cache.load(id, NOW);
      held.lose();
      held.begin(clock.now());
      assert.equal(cache.peek(id, NOW), null);
    });

    it('does not keep what was asked before the lease was lost, or outside of one', async () => {
      const go = pause();
      const reading = cache.load(id, NOW);
      held.lose();
      const second = cache.load(newSessionId(), NOW);
      held.begin(clock.now());
      go();
      await Promise.all([reading, second]);
      assert.equal(cache.stats().entries, 0);
    });

    it('forgets a copy when the store, asked meanwhile, shows a newer one', async () => {
      await cache.load(id, NOW);
      await store.commit(id, update({ a: '2' }), NOW);
      clock.advance(600);
      const go = pause();
      const reading = cache.load(id, NOW);
      listener.changed(names.session(newSessionId()));
      go();
      assert.equal((await reading)?.version, 2);
      held.confirm(1, clock.now());
      assert.notEqual(known(), '1');
    });
  });

  it('drops a copy at the news of a change, and does not keep what was under way', async () => {
    await cache.load(id, NOW);
    news();
    assert.equal(cache.peek(id, NOW), null);
    const go = pause();
    const reading = cache.load(id, NOW);
    news();
    // Who asks now must not get the answer to a question that was asked before.
    const later = cache.load(id, NOW);
    go();
    await Promise.all([reading, later]);
    assert.equal(inner.calls.load, 3);
    assert.equal(cache.stats().overtaken, 1);
    assert.equal(known(), '1');
  });

  it('drops everything when everything may have changed', async () => {
    await cache.load(id, NOW);
    const go = pause();
    const reading = cache.load(newSessionId(), NOW);
    listener.changedAll();
    go();
    await reading;
    assert.equal(cache.stats().entries, 0);
  });

  describe('within its bounds', () => {
    it('reads a session anew when it is five minutes old, however often it was used or written', async () => {
      await cache.load(id, NOW);
      for (let i = 0; i < 10; i++) {
        clock.advance(30_000);
        held.confirm(1, clock.now());
        assert.equal(cache.peek(id, NOW) === null, i === 9);
        await cache.commit(id, update({ a: String(i) }), NOW);
      }
    });

    it('never answers beyond the end of the session', async () => {
      await cache.load(id, NOW);
      assert.notEqual(cache.peek(id, NOW + HOUR - 1), null);
      assert.equal(cache.peek(id, NOW + HOUR), null);
      assert.equal(await cache.load(id, NOW + HOUR), undefined);
    });

    it('knows for a second that there is no such session', async () => {
      const nobody = newSessionId();
      assert.equal(await cache.load(nobody, NOW), undefined);
      held.confirm(1, clock.now());
      clock.advance(500);
      assert.equal(cache.peek(nobody, NOW), undefined);
      clock.advance(500);
      held.confirm(1, clock.now());
      assert.equal(cache.peek(nobody, NOW), null);
    });

    it('keeps to its bytes, and lets go of what was used least recently', async () => {
      ({ store, cache, id } = await cacheRig({ maxBytes: 65_536 }));
      const ids = Array.from({ length: 100 }, () => newSessionId());
      for (const one of ids) {
        await store.commit(one, patchOf({ set: new Map([['a', '"'.padEnd(1_000, 'x')]]) }), NOW);
        await cache.load(one, NOW);
        assert.notEqual(await cache.load(ids[0]!, NOW), undefined);
      }
      const { bytes, entries } = cache.stats();
      assert.ok(bytes <= 65_536 && entries > 20 && entries < 65, `${bytes} bytes, ${entries} entries`);
      assert.notEqual(cache.peek(ids[0]!, NOW), null);
      assert.equal(cache.peek(ids[1]!, NOW), null);
      assert.notEqual(cache.peek(ids[99]!, NOW), null);
    });

    it('does not keep a session that is too large, nor what it was before', async () => {
      ({ store, cache, id } = await cacheRig({ maxEntryBytes: 4_096 }));
      await cache.load(id, NOW);
      await cache.commit(id, update({ a: '"'.padEnd(5_000, 'x') }), NOW);
      assert.equal(cache.peek(id, NOW), null);
      assert.equal(cache.stats().entries, 0);
    });

    it('refuses bounds that cannot be', async () => {
      for (const options of [{ maxBytes: 1 }, { maxAgeMs: 0 }, { absentMs: -1 }, { maxEntryBytes: 1.5 }]) {
        await assert.rejects(cacheRig(options), { name: 'BalancerError', code: 'INVALID_OPTIONS' });
      }
    });
  });

  describe('while the store cannot be asked', () => {
    it('recalls what was known, as old as it was when that was last known to be current', async () => {
      await cache.load(id, NOW);
      clock.advance(100_000);
      held.confirm(1, clock.now());
      held.lose();
      clock.advance(30_000);
      assert.equal(cache.recall(id, NOW, 30_000)?.fields.get('a'), '1');
      assert.equal(cache.recall(id, NOW, 29_999), undefined);
      assert.equal(cache.recall(id, NOW + HOUR, 30_000), undefined);
    });

    it('recalls nothing that somebody is known to have changed or ended', async () => {
      await cache.load(id, NOW);
      news();
      assert.equal(cache.recall(id, NOW, 1_000), undefined);
      await cache.load(id, NOW);
      const recover = fail('SESSION_STORE');
      await assert.rejects(cache.destroy(id, NOW));
      recover();
      assert.equal(cache.recall(id, NOW, 1_000), undefined);
      assert.equal(cache.recall(newSessionId(), NOW, 1_000), undefined);
    });

    it('recalls a session whose last commit may have failed', async () => {
      await cache.load(id, NOW);
      const recover = fail('SESSION_STORE');
      await assert.rejects(cache.commit(id, update({ a: '2' }), NOW));
      recover();
      assert.equal(cache.recall(id, NOW, 1_000)?.fields.get('a'), '1');
    });

    it('does not take its own copy for news', async () => {
      await cache.load(id, NOW);
      held.lose();
      held.begin(clock.now());
      const copy = cache.recall(id, NOW, 1_000);
      inner.load = async () => copy;
      assert.equal(await cache.load(id, NOW), copy);
      assert.equal(cache.peek(id, NOW), null);
    });

    it('forgets what it is told to forget', async () => {
      await cache.load(id, NOW);
      cache.forget(id);
      assert.equal(cache.peek(id, NOW), null);
      assert.equal(cache.recall(id, NOW, 1_000), undefined);
    });
  });
});
