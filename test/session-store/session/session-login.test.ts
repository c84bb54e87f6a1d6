import assert from 'node:assert/strict';
import '../fixtures/fields.ts';
import { HOUR, MINUTE, NO_CALLS, visits } from '../fixtures/visits.ts';
import type { Visits } from '../fixtures/visits.ts';

describe('a session that somebody logs in to', () => {
  let store: Visits['store'];
  let clock: Visits['clock'];
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ store, clock, browserWith } = visits());
  });

  describe('login', () => {
    it('makes the session the principal’s under a new id, and keeps the fields', async () => {
      const user = browserWith();
      const { session: before } = await user.visit(({ session }) => (session.theme = 'dark'));
      assert.equal(before.principal, undefined);
      await user.visit(async ({ session }) => {
        session.note = 'x';
        await session.login('ada');
        assert.deepEqual([session.principal, session.id === before.id], ['ada', false]);
        session.role = 'admin';
      });
      await user.visit(({ session }) => {
        assert.equal(session.principal, 'ada');
        assert.deepEqual({ ...session }, { theme: 'dark', note: 'x', role: 'admin' });
      });
    });

    it('is stored though no field is set, and costs one commit where nothing was stored before', async () => {
      const user = browserWith();
      await user.visit(({ session }) => session.login('ada'));
      assert.deepEqual(store.calls, { ...NO_CALLS, commit: 1 });
      await user.visit(({ session }) => assert.deepEqual([session.principal, session.isNew], ['ada', false]));
    });

    it('is the principal’s from the first moment of the new id', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.theme = 'dark'));
      const { commit } = store;
      const created: unknown[] = [];
      store.commit = (id, patch, now) => {
        if (patch.mode === 'create') created.push(patch.principal);
        return commit(id, patch, now);
      };
      await user.visit(({ session }) => session.login('ada'));
      assert.deepEqual(created, ['ada']);
    });

    it('drops the fields of another principal, unless told to keep them', async () => {
      for (const keepFields of [undefined, true]) {
        const user = browserWith();
        await user.visit(async ({ session }) => {
          await session.login('ada');
          session.note = 'private';
        });
        await user.visit(({ session }) => session.login('eve', keepFields === undefined ? {} : { keepFields }));
        await user.visit(({ session }) => {
          assert.deepEqual([session.principal, session.note], ['eve', keepFields && 'private']);
        });
      }
    });

    it('drops the fields if told to', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.theme = 'dark'));
      const planted = user.cookie;
      await user.visit(({ session }) => session.login('ada', { keepFields: false }));
      await user.visit(({ session }) => assert.deepEqual([session.principal, { ...session }], ['ada', {}]));
      user.cookie = planted;
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('starts the absolute time anew', async () => {
      const user = browserWith({ idleMs: 3 * HOUR, absoluteMs: 2 * HOUR });
      await user.visit(({ session }) => (session.theme = 'dark'));
      clock.advance(HOUR + 30 * MINUTE);
      await user.visit(({ session }) => session.login('ada'));
      clock.advance(HOUR);
      await user.visit(({ session }) => assert.deepEqual([session.principal, session.theme], ['ada', 'dark']));
      clock.advance(HOUR);
      await user.visit(({ session }) => assert.equal(session.isNew, true));
    });

    it('succeeds, without the fields, where another request has logged out meanwhile', async () => {
      const user = browserWith();
      await user.visit(({ session }) => (session.theme = 'dark'));
      const late = await user.open();
      await (await user.open()).session.logout();
      await late.session.login('ada');
      await late.commit();
      user.cookie = late.setCookie()!.split(';')[0]!;
      await user.visit(({ session }) => assert.deepEqual([session.principal, { ...session }], ['ada', {}]));
    });

    it('stays with the session through further new ids', async () => {
      const user = browserWith();
      await user.visit(({ session }) => session.login('ada'));
      await user.visit(({ session }) => session.regenerate());
      await user.visit(({ session }) => assert.equal(session.principal, 'ada'));
      await user.visit(({ session }) => session.regenerate({ keepFields: false }));
      await user.visit(({ session }) => assert.equal(session.principal, undefined));
    });

    it('refuses what is not a principal, and options that it does not know, at once', async () => {
      await browserWith().visit(({ session }) => {
        for (const principal of [undefined, '', 7, 'x'.repeat(257), '\ud800']) {
          assert.throws(() => session.login(principal as string), {
            code: 'INVALID_OPTIONS',
            message: /^session\.login: `principal` must be a text of 1 to 256 characters/,
          });
        }
        assert.throws(() => session.login('ada', { keep: true } as object), { code: 'INVALID_OPTIONS' });
      });
    });

    it('is refused once the head has left, because the client could not be told', async () => {
      const scope = await browserWith().visit(({ session }) => (session.theme = 'dark'));
      await assert.rejects(scope.session.login('ada'), { code: 'SESSION_GONE' });
      assert.equal(scope.session.principal, undefined);
    });
  });

  it('ends at logout', async () => {
    const user = browserWith();
    await user.visit(({ session }) => session.login('ada'));
    const { cookie } = user;
    await user.visit(async ({ session }) => {
      await session.logout();
      assert.equal(session.principal, undefined);
    });
    assert.match(user.setCookie!, /^JSESSIONID=; Max-Age=0/);
    user.cookie = cookie;
    await user.visit(({ session }) => assert.equal(session.isNew, true));
  });

  it('says so, and lets no response leave, when the store fails a login or a destroyAll()', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('no'));
    for (const verb of ['login', 'destroyAll'] as const) {
      const user = browserWith();
      await user.visit(({ session }) => session.login('ada'));
      const { retire, revoke } = store;
      Object.assign(store, { retire: fail, revoke: fail });
      const scope = await user.open();
      await assert.rejects(scope.session[verb]('ada'), { code: 'SESSION_STORE' });
      await assert.rejects(async () => scope.commit(), { code: 'SESSION_STORE' });
      Object.assign(store, { retire, revoke });
    }
  });
});
