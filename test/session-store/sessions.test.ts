import assert from 'node:assert/strict';
import { manualClock } from '@evenkeel/core/testing';
import { newSessionId, sessionIdSigner } from '@evenkeel/core/session-cookie';
import { createSessions, memorySessionStore, type SessionOptions, type SessionScope } from '@evenkeel/session-store';
import { counting } from './fixtures/counting-store.ts';
import './fixtures/fields.ts';

const SECRET = 'a secret of the tests';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('createSessions', () => {
  let store: ReturnType<typeof counting>;
  let clock: ReturnType<typeof manualClock>;
  beforeEach(() => {
    store = counting(memorySessionStore());
    clock = manualClock(1_800_000_000_000);
  });

  function browserWith(options: Partial<SessionOptions> = {}): {
    cookie: string;
    setCookie: string | undefined;
    open(): Promise<SessionScope>;
    visit(use?: (scope: SessionScope) => unknown): Promise<SessionScope>;
  } {
    const sessions = createSessions({ store, secret: SECRET, clock, ...options });
    const self = {
      cookie: '',
      setCookie: undefined as string | undefined,
      open: () => sessions.open({ cookieHeader: self.cookie, isSecure: false }),
      async visit(use: (scope: SessionScope) => unknown = () => undefined) {
        const scope = await self.open();
        await use(scope);
        await scope.commit();
        self.setCookie = scope.setCookie();
        self.cookie = self.setCookie?.split(';')[0] ?? self.cookie;
        return scope;
      },
    };
    return self;
  }

  describe('with a request that has no session', () => {
    it('asks the store nothing and makes no cookie until a field is set', async () => {
      const user = browserWith();
      const { session } = await user.visit((scope) => {
        assert.equal(scope.session.isNew, true);
        assert.deepEqual({ ...scope.session }, {});
        delete scope.session.user;
      });
      assert.match(session.id, /^[0-9A-F]{32}$/);
      await session.save();
      await session.touch();
      await session.destroy();
      assert.deepEqual([user.setCookie, store.calls], [undefined, { load: 0, commit: 0, touch: 0, destroy: 0 }]);
    });

    it('stores it with the first field and makes a cookie with its id', async () => {
      const user = browserWith();
      const { session } = await user.visit((scope) => (scope.session.user = 'ada'));
      assert.ok(user.cookie.startsWith(`JSESSIONID=${session.id}`));
      assert.equal(session.isNew, true);
      await user.visit((scope) =>
        assert.deepEqual([scope.session.id, scope.session.isNew, scope.session.user], [session.id, false, 'ada']),
      );
      assert.equal(user.setCookie, undefined);
    });
  });

  describe('with a cookie that is not worth a look', () => {
    const id = newSessionId();
    const token = sessionIdSigner([SECRET]).sign(id);
    const cookies: Record<string, string> = {
      'no mac': `JSESSIONID=${id}`,
      'a forged mac': `JSESSIONID=${id}${'A'.repeat(23)}`,
      'a mac of another secret': `JSESSIONID=${sessionIdSigner(['somebody else altogether']).sign(id)}`,
      'a truncated mac': `JSESSIONID=${token.slice(0, -1)}`,
      'a truncated mac and a route': `JSESSIONID=${token.slice(0, -1)}.node1`,
      'another id under the mac': `JSESSIONID=${newSessionId()}${token.slice(32)}`,
      'something after the mac': `JSESSIONID=${token}A`,
      'a value beyond 512 characters': `JSESSIONID=${token}.${'x'.repeat(512)}`,
      'a hundred forged values': Array.from(
        { length: 100 },
        () => `JSESSIONID=${newSessionId()}${'A'.repeat(23)}`,
      ).join(';'),
      'a field beyond 16 KiB': `JSESSIONID=${token}; x=${'x'.repeat(16_384)}`,
      'bytes of all kinds': 'JSESSIONID=\u0000\u00ff%00"; JSESSIONID',
    };
    for (const [what, cookie] of Object.entries(cookies)) {
      it(`gives a new session for ${what}, without asking the store`, async () => {
        const user = browserWith();
        user.cookie = cookie;
        const { session } = await user.visit();
        assert.ok(session.isNew && session.id !== id);
        assert.deepEqual(store.calls, { load: 0, commit: 0, touch: 0, destroy: 0 });
      });
    }

    it('never adopts an id that the store does not know, though its mac is right', async () => {
      const user = browserWith();
      user.cookie = `JSESSIONID=${token}`;
      const { session } = await user.visit((scope) => (scope.session.user = 'ada'));
      assert.notEqual(session.id, id);
      assert.ok(user.cookie.startsWith(`JSESSIONID=${session.id}`));
      assert.equal(store.calls.load, 1);
    });

    it('finds the session behind stale and forged cookies of the same name', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      user.cookie = `JSESSIONID=${token}; JSESSIONID=junk; ${user.cookie}`;
      await user.visit(({ session }) => assert.equal(session.user, 'ada'));
    });
  });

  describe('in time', () => {
    it('ends an idle session, never early and late by at most the touch interval', async () => {
      for (const [idleMs, sleepMs, isThere] of [
        [30 * MINUTE, 30 * MINUTE, true],
        [30 * MINUTE, 31 * MINUTE, false],
        [2_000, 2_000, true],
        [2_000, 3_000, false],
      ] as const) {
        const user = browserWith({ idleMs });
        await user.visit(({ session }) => (session.user = 'ada'));
        clock.advance(sleepMs);
        await user.visit(({ session }) => assert.equal(session.user === 'ada', isThere, `${idleMs} ${sleepMs}`));
      }
    });

    it('touches a session that is only read once per touch interval', async () => {
      const user = browserWith({ idleMs: 30 * MINUTE });
      await user.visit(({ session }) => (session.user = 'ada'));
      for (let second = 0; second < 180; second++) {
        clock.advance(1_000);
        await user.visit(({ session }) => session.user);
      }
      assert.deepEqual([store.calls.touch, store.calls.commit], [3, 1]);
    });

    it('keeps a session alive for as long as it is used', async () => {
      const user = browserWith({ idleMs: MINUTE });
      await user.visit(({ session }) => (session.user = 'ada'));
      for (let i = 0; i < 600; i++) {
        clock.advance(59_000);
        await user.visit(({ session }) => assert.equal(session.user, 'ada'));
      }
    });

    it('ends a session at its absolute time, however much it is used', async () => {
      const user = browserWith({ idleMs: HOUR, absoluteMs: 3 * HOUR });
      await user.visit(({ session }) => (session.user = 'ada'));
      for (let i = 0; i < 6; i++) {
        clock.advance(HOUR / 2 - 1);
        await user.visit(({ session }) => assert.equal(session.user, 'ada'));
        await user.visit(({ session }) => session.increment('visits'));
      }
      clock.advance(6);
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('lets the absolute time run on through a new id, and anew when the fields are dropped', async () => {
      for (const keepFields of [true, false]) {
        const user = browserWith({ idleMs: 3 * HOUR, absoluteMs: 2 * HOUR });
        await user.visit(({ session }) => (session.user = 'ada'));
        clock.advance(HOUR);
        await user.visit(async ({ session }) => {
          await session.regenerate({ keepFields });
          session.theme = 'dark';
        });
        clock.advance(HOUR);
        await user.visit(({ session }) => assert.equal(session.isNew, keepFields));
      }
    });

    it('stores nothing for a request that outlives the session', async () => {
      const user = browserWith({ absoluteMs: HOUR });
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(async ({ session }) => {
        session.theme = 'dark';
        clock.advance(HOUR);
        await assert.rejects(session.save(), { code: 'SESSION_GONE' });
      });
      assert.equal(store.calls.commit, 1);
    });

    it('restarts the idle time when told to', async () => {
      const user = browserWith({ idleMs: HOUR });
      await user.visit(({ session }) => (session.user = 'ada'));
      await user.visit(({ session }) => session.touch());
      assert.equal(store.calls.touch, 1);
    });

    it('gives a persistent cookie the rest of the absolute time', async () => {
      const user = browserWith({ absoluteMs: HOUR, cookie: { persistent: true } });
      await user.visit(({ session }) => (session.user = 'ada'));
      assert.match(user.setCookie!, /; Max-Age=3600;/);
      clock.advance(HOUR / 2);
      await user.visit(({ session }) => session.regenerate());
      assert.match(user.setCookie!, /; Max-Age=1800;/);
    });
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

    it('is not thought destroyed when the store fails', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.user = 'ada'));
      const { destroy } = store;
      await user.visit(async ({ session }) => {
        store.destroy = () => Promise.reject(new Error('no'));
        await assert.rejects(session.destroy(), { code: 'SESSION_STORE', status: 503 });
        store.destroy = destroy;
        assert.equal(session.user, 'ada');
      });
      assert.equal(user.setCookie, undefined);
    });
  });

  describe('when a session gets a new id', () => {
    it('keeps its fields and changes under the new one, and the old one is gone', async () => {
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

    it('refuses options that it does not know, and a callback, at once', async () => {
      await browserWith().visit(({ session }) => {
        for (const wrong of [{ keep: true }, { keepFields: 'no' }, () => undefined]) {
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
      assert.deepEqual(store.calls, { load: 0, commit: 1, touch: 0, destroy: 0 });
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

  it('rotates secrets: old cookies stay valid and are sent anew', async () => {
    const old = browserWith();
    await old.visit(({ session }) => (session.user = 'ada'));
    const rotated = browserWith({ secret: ['a newer secret of the tests', SECRET] });
    rotated.cookie = old.cookie;
    await rotated.visit(({ session }) => assert.equal(session.user, 'ada'));
    const done = browserWith({ secret: 'a newer secret of the tests' });
    done.cookie = rotated.cookie;
    await done.visit(({ session }) => assert.equal(session.user, 'ada'));
    done.cookie = old.cookie;
    await done.visit(({ session }) => assert.equal(session.isNew, true));
  });

  it('keeps the id and changes the route when a session comes from another instance', async () => {
    const [one, two] = [browserWith({ route: 'one' }), browserWith({ route: 'two' })];
    const { session } = await one.visit((scope) => (scope.session.user = 'ada'));
    assert.ok(one.cookie.endsWith('.one'));
    two.cookie = one.cookie;
    await two.visit((scope) => assert.deepEqual([scope.session.id, scope.session.user], [session.id, 'ada']));
    assert.equal(two.cookie, one.cookie.replace(/one$/, 'two'));
    await two.visit();
    assert.equal(two.setCookie, undefined);
  });

  it('leaves a route alone that a balancer appended, where it has none itself', async () => {
    const user = browserWith();
    await user.visit(({ session }) => (session.user = 'ada'));
    user.cookie += '.somewhere';
    await user.visit(({ session }) => assert.equal(session.user, 'ada'));
    assert.equal(user.setCookie, undefined);
  });

  describe('with options that make no sense', () => {
    const cases: [options: Record<string, unknown>, message: RegExp][] = [
      [
        { store: {} },
        /`store` must be a session store \(an object with load\(\), commit\(\), touch\(\), destroy\(\)\), got an object/,
      ],
      [{ secret: undefined }, /`secret` must be/],
      [{ secret: 'short' }, /`secret` must be at least 16 characters long, got "short"/],
      [{ secret: [] }, /`secret` must be/],
      [{ secret: [SECRET, 'short'] }, /`secret(\[1\])?` must be/],
      [{ name: 'a b' }, /`name` must be a cookie name, got "a b"/],
      [{ name: '' }, /`name` must be a cookie name/],
      [{ name: '__Host-sid' }, /`__Host-`/],
      [{ name: '__Host-sid', cookie: { secure: true, path: '/app' } }, /`__Host-`/],
      [{ name: '__Secure-sid' }, /`__Secure-`/],
      [{ route: 'a.b' }, /`route` must be 1 to 64 characters of A-Za-z0-9_-, got "a.b"/],
      [{ idleMs: 0 }, /`idleMs` must be a number of milliseconds from 1000 to/],
      [{ absoluteMs: '12h' }, /`absoluteMs` must be a number of milliseconds from 1000 to \d+, got "12h"/],
      [{ maxAge: 1 }, /`maxAge` is not a known option/],
      [{ cookie: { maxAge: 1 } }, /`cookie\.maxAge` is not a known option/],
      [{ cookie: { path: 'app' } }, /`cookie\.path` must be a path that starts with/],
      [{ cookie: { path: '/; Secure' } }, /`cookie\.path` must be/],
      [{ cookie: { domain: 'a;b' } }, /`cookie\.domain` must be a host name, got "a;b"/],
      [{ cookie: { sameSite: 'Lax' } }, /`cookie\.sameSite` must be "strict", "lax" or "none", got "Lax"/],
      [{ cookie: { secure: 'yes' } }, /`cookie\.secure` must be true, false or "auto", got "yes"/],
      [{ cookie: { sameSite: 'none', secure: false } }, /sameSite: "none"/],
      [{ clock: {} }, /`clock` must be a clock/],
    ];
    for (const [wrong, message] of cases) {
      it(`refuses ${JSON.stringify(wrong)}`, () => {
        const options = { store, secret: SECRET, ...wrong } as SessionOptions;
        assert.throws(() => createSessions(options, 'session'), {
          name: 'BalancerError',
          code: 'INVALID_OPTIONS',
          message,
        });
      });
    }
  });
});
