import assert from 'node:assert/strict';
import type { Session, SessionScope } from '@evenkeel/session-store';
import '../fixtures/fields.ts';
import { visits } from '../fixtures/visits.ts';
import type { Browser, Visits } from '../fixtures/visits.ts';

type Verb = 'regenerate' | 'destroy' | 'save' | 'reload' | 'touch';
const VERBS: readonly Verb[] = ['regenerate', 'destroy', 'save', 'reload', 'touch'];

/** Calls back like express-session, and says what came back. */
function call(session: Session, verb: Verb): Promise<Error | undefined> {
  return new Promise((resolve, reject) => {
    let calls = 0;
    let isInside = true;
    const returned = session[verb]((error) => {
      if (isInside) reject(new Error('called back before it returned'));
      if (++calls > 1) reject(new Error('called back twice'));
      // One more turn of the event loop, for a second call to show.
      setImmediate(() => resolve(error));
    });
    isInside = false;
    if (returned !== session) reject(new Error('did not return the session'));
  });
}

describe('a session used as express-session’s', () => {
  let store: Visits['store'];
  let user: Browser;
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ store, browserWith } = visits());
    user = browserWith();
  });

  for (const verb of VERBS) {
    it(`returns itself from ${verb}(callback), and calls back later, once`, async () => {
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(async ({ session }) => assert.equal(await call(session, verb), undefined));
    });

    it(`gives the callback of ${verb}() the store’s error`, async () => {
      await user.visit(({ session }) => (session.user = 'ada'));
      const fail = (): Promise<never> => Promise.reject(new Error('no'));
      const scope = await user.open();
      Object.assign(store, { load: fail, commit: fail, touch: fail, destroy: fail });
      scope.session.theme = 'dark';
      const error = await call(scope.session, verb);
      assert.deepEqual([error?.name, Reflect.get(error ?? {}, 'code')], ['BalancerError', 'SESSION_STORE']);
    });
  }

  it('lets what a callback throws be the caller’s failure', async () => {
    const listeners = process.listeners('uncaughtException');
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('uncaughtException');
    process.removeAllListeners('unhandledRejection');
    try {
      for (const isFailing of [false, true]) {
        const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
        const rejected = new Promise((resolve) => {
          process.once('unhandledRejection', () => resolve('an unhandled rejection'));
        });
        const scope = await user.open();
        if (isFailing) {
          store.commit = () => Promise.reject(new Error('no'));
          scope.session.user = 'ada';
        }
        scope.session.save(() => {
          throw new RangeError('mine');
        });
        assert.deepEqual(await Promise.race([uncaught, rejected]), new RangeError('mine'));
        process.removeAllListeners('unhandledRejection');
      }
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });

  describe('when it calls regenerate(callback)', () => {
    /** What the glue of a framework does. */
    function following(scope: SessionScope): { readonly told: Session[] } {
      const told: Session[] = [];
      scope.onSession = (session) => told.push(session);
      return { told };
    }

    it('has a new and empty session in its place, and keeps its own fields', async () => {
      await user.visit(({ session }) => Object.assign(session, { user: 'ada', cart: { items: ['book'] } }));
      const { cookie } = user;
      await user.visit(async (scope) => {
        const { told } = following(scope);
        const old = scope.session;
        old.theme = 'dark';
        assert.equal(await call(old, 'regenerate'), undefined);
        assert.deepEqual(told, [scope.session]);
        assert.deepEqual([scope.session.isNew, { ...scope.session }], [true, {}]);
        assert.notEqual(scope.session.id, old.id);
        assert.deepEqual({ ...old }, { user: 'ada', cart: { items: ['book'] }, theme: 'dark' });
        old.note = 'late';
        await assert.rejects(old.save(), { code: 'SESSION_GONE' });
        for (const [name, value] of Object.entries(old))
          if (name !== 'note') Object.assign(scope.session, { [name]: value });
        assert.equal(await call(scope.session, 'save'), undefined);
      });
      assert.notEqual(user.cookie, cookie);
      await user.visit(({ session }) => {
        assert.deepEqual({ ...session }, { user: 'ada', cart: { items: ['book'] }, theme: 'dark' });
      });
      user.cookie = cookie;
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('ends the cookie if nothing is stored in the new one', async () => {
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(async ({ session }) => assert.equal(await call(session, 'regenerate'), undefined));
      assert.match(user.setCookie!, /^JSESSIONID=; Max-Age=0/);
    });

    it('needs no store while nothing is stored', async () => {
      await user.visit(async (scope) => {
        scope.session.user = 'ada';
        assert.equal(await call(scope.session, 'regenerate'), undefined);
        assert.deepEqual({ ...scope.session }, {});
      });
      assert.deepEqual([store.calls.destroy, store.calls.commit], [0, 0]);
    });
  });

  it('shows what others have stored after reload(), and forgets its own changes', async () => {
    await user.visit(({ session }) => Object.assign(session, { theme: 'dark', visits: 1 }));
    await user.visit(async ({ session }) => {
      session.note = 'mine';
      session.increment('visits');
      await user.visit((other) => Object.assign(other.session, { theme: 'light', user: 'ada' }));
      await session.reload();
      assert.deepEqual({ ...session }, { theme: 'light', visits: 1, user: 'ada' });
      session.role = 'admin';
    });
    await user.visit(({ session }) =>
      assert.deepEqual({ ...session }, { theme: 'light', visits: 1, user: 'ada', role: 'admin' }),
    );
  });

  it('cannot be reloaded when it was never stored, or was destroyed', async () => {
    await user.visit(async ({ session }) => {
      session.user = 'ada';
      await assert.rejects(session.reload(), { code: 'SESSION_GONE' });
    });
    await user.visit(async ({ session }) => {
      assert.equal(session.user, 'ada');
      await (await user.open()).session.destroy();
      await assert.rejects(session.reload(), { code: 'SESSION_GONE' });
    });
  });
});
