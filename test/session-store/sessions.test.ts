import assert from 'node:assert/strict';
import { newSessionId, sessionIdSigner } from '@evenkeel/core/session-cookie';
import { createSessions, type SessionOptions } from '@evenkeel/session-store';
import './fixtures/fields.ts';
import { SECRET, MINUTE, NO_CALLS, HOUR, visits } from './fixtures/visits.ts';
import type { Visits } from './fixtures/visits.ts';

describe('createSessions', () => {
  let store: Visits['store'];
  let clock: Visits['clock'];
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ store, clock, browserWith } = visits());
  });

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
      assert.deepEqual([user.setCookie, store.calls], [undefined, NO_CALLS]);
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
        assert.deepEqual(store.calls, NO_CALLS);
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

  describe('with a rolling cookie', () => {
    it('sends it anew now and then as the session is used, by requests that read and by those that write', async () => {
      for (const isWriting of [false, true]) {
        const user = browserWith({ idleMs: 30 * MINUTE, cookie: { persistent: true, rolling: true } });
        await user.visit(({ session }) => (session.user = 'ada'));
        assert.match(user.setCookie!, /; Max-Age=5580;/);
        let sent = 0;
        for (let minute = 0; minute < 62; minute++) {
          clock.advance(MINUTE);
          await user.visit(({ session }) => isWriting && session.increment('visits'));
          if (user.setCookie !== undefined) sent++;
        }
        assert.equal(sent, 2);
      }
    });

    it('never lets it outlive the absolute time', async () => {
      const user = browserWith({ absoluteMs: HOUR, cookie: { persistent: true, rolling: true } });
      await user.visit(({ session }) => (session.user = 'ada'));
      for (let i = 0; i < 2; i++) {
        clock.advance(20 * MINUTE);
        await user.visit(({ session }) => session.user);
      }
      assert.match(user.setCookie!, /; Max-Age=1200;/);
    });
  });

  describe('with options that make no sense', () => {
    const cases: [options: Record<string, unknown>, message: RegExp][] = [
      [
        { store: {} },
        /`store` must be a session store \(an object with load\(\), commit\(\), touch\(\), destroy\(\), .*\), got an object/,
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
      [{ cookie: { rolling: true } }, /`persistent` if it is `rolling`/],
      [{ retireMs: 60_001 }, /`retireMs` must be a number of milliseconds from 0 to 60000, got 60001/],
      [{ consistency: 'off' }, /`consistency` must be "bounded", "strong" or a function of the request, got "off"/],
      [{ maxFieldBytes: 2 ** 21 }, /`maxFieldBytes` must be an integer from 64 to 1048576/],
      [{ maxSessionBytes: 0.5 }, /`maxSessionBytes` must be an integer from 64 to/],
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
