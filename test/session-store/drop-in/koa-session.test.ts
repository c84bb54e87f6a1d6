import { deepEqual, equal, throws } from 'node:assert/strict';
import { manualClock } from '@evenkeel/core/testing';
import { memorySessionStore } from '@evenkeel/session-store';
import { koaSessionStore } from '@evenkeel/session-store/koa-session';
import Koa from 'koa';
import session from 'koa-session';
import { serve } from '../fixtures/serve.ts';
import { describeDropIn } from './laws.ts';

describeDropIn({
  name: 'koa-session',
  serve(store, work) {
    const app = new Koa();
    app.silent = true;
    app.keys = ['a secret of the tests'];
    app.use(session({ store: koaSessionStore({ store }) }, app as never) as never);
    app.use(async (ctx) => {
      const logout = (): void => void Object.assign(ctx, { session: null });
      ctx.body = JSON.stringify((await work.get(ctx.path)!({ session: ctx['session'] as never, logout })) ?? null);
    });
    return serve(app.callback());
  },
});

describe('koaSessionStore', () => {
  it('refuses options that mean nothing to koa-session', () => {
    const store = memorySessionStore();
    throws(
      () => koaSessionStore({ store, maxTouchIntervalMs: 1 } as never),
      /`maxTouchIntervalMs` is not a known option/,
    );
  });

  it('ends a session when the maximum age that it was stored with is over', async () => {
    const clock = manualClock(1_800_000_000_000);
    const store = koaSessionStore({ store: memorySessionStore(), clock, ttlMs: 5_000 });
    await store.set('key', { user: 'ann' }, 1_000, { ctx: {} });
    await store.set('browser', { user: 'bob' }, 'session', { ctx: {} });
    clock.advance(999);
    deepEqual(await store.get('key'), { user: 'ann' });
    clock.advance(1);
    equal(await store.get('key'), undefined);
    deepEqual(await store.get('browser'), { user: 'bob' });
    clock.advance(4_000);
    equal(await store.get('browser'), undefined);
  });

  it('takes a session that was replaced for what it is: fields that are no longer there are removed', async () => {
    const store = koaSessionStore({ store: memorySessionStore() });
    await store.set('key', { a: 1, b: 2 }, 60_000, { ctx: {} });
    const ctx = {};
    await store.get('key', 60_000, { ctx });
    await store.set('key', { b: 3 }, 60_000, { ctx });
    deepEqual(await store.get('key'), { b: 3 });
  });

  it('works without a context, and then as other stores do: the last to store has it all', async () => {
    const store = koaSessionStore({ store: memorySessionStore() });
    await store.set('key', { a: 1 }, 60_000);
    await store.set('key', { b: 2 }, 60_000);
    deepEqual(await store.get('key'), { b: 2 });
    await store.destroy('key');
    equal(await store.get('key'), undefined);
  });
});
