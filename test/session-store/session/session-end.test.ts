import assert from 'node:assert/strict';
import '../fixtures/fields.ts';
import { MINUTE, NO_CALLS, visits } from '../fixtures/visits.ts';
import type { Visits } from '../fixtures/visits.ts';

describe('a session that ends, moves or is committed more than once', () => {
  let store: Visits['store'];
  let clock: Visits['clock'];
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ store, clock, browserWith } = visits());
  });

  describe('when a session is destroyed', () => {
    it('clears its fields, ends the cookie, and drops what is changed later', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const { cookie } = user;
      await user.visit(async ({ session }) => {
        await session.destroy();
        assert.deepEqual({ ...session }, {});
        session.user = 'eve';
        await assert.rejects(session.save(), { code: 'SESSION_GONE' });
      });
      assert.equal(user.setCookie, 'JSESSIONID=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax');
      user.cookie = cookie;
      await user.visit(({ session }) => assert.deepEqual([session.isNew, session.user], [true, undefined]));
    });

    it('lets a request in flight go on, without its changes and without an error', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const inFlight = await user.open();
      inFlight.session.theme = 'dark';
      const other = await user.open();
      other.session.theme = 'light';
      await (await user.open()).session.destroy();
      await inFlight.commit();
      assert.equal(inFlight.setCookie(), undefined);
      await assert.rejects(other.session.save(), { code: 'SESSION_GONE', status: 409 });
      await assert.rejects(other.session.regenerate(), { code: 'SESSION_GONE' });
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('is destroyed also after a commit that failed', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const { commit } = store;
      const scope = await user.open();
      scope.session.theme = 'dark';
      store.commit = () => Promise.reject(new Error('no'));
      await assert.rejects(async () => scope.commit(), { code: 'SESSION_STORE' });
      store.commit = commit;
      await scope.session.destroy();
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('is destroyed by a second try after the store failed the first, and the commit has nothing to report', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const { destroy } = store;
      await user.visit(async ({ session }) => {
        store.destroy = () => Promise.reject(new Error('no'));
        await assert.rejects(session.destroy(), { code: 'SESSION_STORE' });
        store.destroy = destroy;
        await session.destroy();
      });
      assert.match(user.setCookie!, /^JSESSIONID=; Max-Age=0/);
    });

    it('can start anew in the same request', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(async ({ session }) => {
        await session.destroy();
        await session.regenerate();
        session.note = 'bye';
      });
      await user.visit(({ session }) => assert.deepEqual({ ...session }, { note: 'bye' }));
    });

    it('is not thought destroyed when the store fails, and the commit says so', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const { destroy } = store;
      const visit = user.visit(async ({ session }) => {
        store.destroy = () => Promise.reject(new Error('no'));
        await assert.rejects(session.destroy(), { code: 'SESSION_STORE', status: 503 });
        store.destroy = destroy;
        assert.equal(session.user, 'ada');
      });
      await assert.rejects(visit, { code: 'SESSION_STORE' });
      await user.visit(({ session }) => assert.equal(session.user, 'ada'));
      assert.equal(user.setCookie, undefined);
    });
  });

  describe('when a session gets a new id', () => {
    it('keeps its fields and changes under the new one, and the old one is gone when its time is over', async () => {
      const user = browserWith();
      const { session: before } = await user.visit(({ session }) =>
        Object.assign(session, { user: 'ada', note: 'x', visits: 1 }),
      );
      const oldCookie = user.cookie;
      await user.visit(async ({ session }) => {
        session.theme = 'dark';
        session.increment('visits');
        delete session.note;
        await session.regenerate();
        assert.notEqual(session.id, before.id);
        session.role = 'admin';
      });
      const expected = { user: 'ada', visits: 2, theme: 'dark', role: 'admin' };
      await user.visit(({ session }) => assert.deepEqual({ ...session }, expected));
      clock.advance(10_000);
      user.cookie = oldCookie;
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('merges what others stored while it was under way', async () => {
      const user = browserWith();
      await user.visit(({ session }) =>
        Object.assign(session, { user: 'ada', theme: 'dark', visits: 1, w0: 1, w1: 1 }),
      );
      await user.visit(async ({ session }) => {
        session.theme = 'mine';
        session.increment('visits', 10);
        assert.equal(session.w0, 1);
        await user.visit((other) => {
          Object.assign(other.session, { theme: 'theirs', w0: 2, w2: 2 });
          other.session.increment('visits', 100);
          delete other.session.w1;
        });
        await session.regenerate();
        assert.deepEqual({ ...session }, { user: 'ada', theme: 'mine', visits: 111, w0: 2, w2: 2 });
      });
      await user.visit(({ session }) =>
        assert.deepEqual({ ...session }, { user: 'ada', theme: 'mine', visits: 111, w0: 2, w2: 2 }),
      );
    });

    it('refuses options that it does not know, at once', async () => {
      await browserWith().visit(({ session }) => {
        for (const wrong of [{ keep: true }, { keepFields: 'no' }]) {
          assert.throws(() => session.regenerate(wrong as object), {
            code: 'INVALID_OPTIONS',
            message: /^session\.regenerate: /,
          });
        }
      });
    });

    it('drops its fields if told to', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(async ({ session }) => {
        await session.regenerate({ keepFields: false });
        assert.deepEqual([session.isNew, { ...session }], [true, {}]);
        session.theme = 'dark';
      });
      await user.visit(({ session }) => assert.deepEqual({ ...session }, { theme: 'dark' }));
    });

    it('ends the cookie if nothing is stored under the new one', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(({ session }) => session.regenerate({ keepFields: false }));
      assert.match(user.setCookie!, /^JSESSIONID=; Max-Age=0/);
    });

    it('needs no store if the session is not stored yet', async () => {
      const user = browserWith();
      await user.visit(async ({ session }) => {
        session.user = 'ada';
        const { id } = session;
        await session.regenerate();
        assert.notEqual(session.id, id);
      });
      assert.deepEqual(store.calls, { ...NO_CALLS, commit: 1 });
    });

    it('is refused once the head has left, because the client could not be told', async () => {
      const user = browserWith();
      const scope = await user.visit(({ session }) => (session.user = 'ada'));
      await assert.rejects(scope.session.regenerate(), { code: 'SESSION_GONE' });
      await user.visit(({ session }) => assert.equal(session.user, 'ada'));
    });
  });

  describe('with several commits in one request', () => {
    it('stores each change once, in order, though nobody awaits save()', async () => {
      const user = browserWith();
      await user.visit(({ session }) => {
        session.user = 'ada';
        void session.save();
        session.theme = 'dark';
        void session.save();
      });
      assert.deepEqual(
        store.patches.flatMap(({ set }) => set),
        ['user', 'theme'],
      );
      await user.visit(({ session }) => assert.deepEqual({ ...session }, { user: 'ada', theme: 'dark' }));
    });

    it('stores changes after the head, but no session that the client cannot come back for', async () => {
      const user = browserWith();
      const late = await user.visit();
      late.session.user = 'ada';
      await late.commit();
      assert.equal(store.calls.commit, 0);
      await assert.rejects(late.session.save(), { code: 'SESSION_GONE' });
      const known = await user.visit(({ session }) => (session.user = 'ada'));
      known.session.theme = 'dark';
      await known.commit();
      await user.visit(({ session }) => assert.equal(session.theme, 'dark'));
    });

    it('does not end the process for a call that fails and that nobody awaits', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const rejections: unknown[] = [];
      const listener = (error: unknown): void => void rejections.push(error);
      process.on('unhandledRejection', listener);
      try {
        const scope = await user.open();
        const fail = (): Promise<never> => Promise.reject(new Error('no'));
        Object.assign(store, { load: fail, commit: fail, touch: fail, destroy: fail, retire: fail });
        const { session } = scope;
        session.theme = 'dark';
        void session.save();
        void session.touch();
        void session.reload();
        void session.take('user');
        void session.cas('user', 'ada', 'eve');
        void session.update('user', () => 'eve');
        void session.regenerate();
        void session.login('ada');
        void session.destroy();
        await assert.rejects(async () => scope.commit(), { code: 'SESSION_STORE' });
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual(rejections, []);
      } finally {
        process.off('unhandledRejection', listener);
      }
    });

    it('tries again after a save() that failed, and not after the last commit', async () => {
      const user = browserWith();
      const { commit } = store;
      const scope = await user.visit(async ({ session }) => {
        session.user = 'ada';
        store.commit = () => Promise.reject(new Error('no'));
        await assert.rejects(session.save(), { code: 'SESSION_STORE', message: 'The session store failed: no' });
        store.commit = commit;
      });
      assert.equal(store.calls.commit, 1);
      scope.session.theme = 'dark';
      store.commit = () => Promise.reject(new Error('no'));
      await assert.rejects(async () => scope.commit(), { code: 'SESSION_STORE' });
      assert.equal(scope.commit(), undefined);
    });
  });

  it('lets a request that only reads succeed though its touch fails', async () => {
    const user = browserWith();
    await user.visit(({ session }) => (session.user = 'ada'));
    clock.advance(2 * MINUTE);
    store.touch = () => Promise.reject(new Error('no'));
    await user.visit(({ session }) => assert.equal(session.user, 'ada'));
    await user.visit(({ session }) => assert.rejects(session.touch(), { code: 'SESSION_STORE' }));
  });

  it('says SESSION_STORE when a session cannot be loaded', async () => {
    const user = browserWith();
    await user.visit(({ session }) => (session.user = 'ada'));
    store.load = () => Promise.reject(new Error('no'));
    await assert.rejects(user.open(), { name: 'BalancerError', code: 'SESSION_STORE', status: 503 });
  });
});
