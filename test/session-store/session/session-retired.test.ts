import assert from 'node:assert/strict';
import '../fixtures/fields.ts';
import { visits } from '../fixtures/visits.ts';
import type { Visits } from '../fixtures/visits.ts';

describe('a session that has moved to a new id, for requests under way with the old one', () => {
  let store: Visits['store'];
  let clock: Visits['clock'];
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ store, clock, browserWith } = visits());
  });

  it('shows them what it held before, lets them change nothing, and leaves their cookie alone', async () => {
    const user = browserWith();
    await user.visit(({ session }) => (session.theme = 'dark'));
    const old = browserWith();
    old.cookie = user.cookie;
    await user.visit(async ({ session }) => {
      await session.login('ada');
      session.role = 'admin';
    });
    clock.advance(9_999);
    const scope = await old.visit(async ({ session }) => {
      assert.deepEqual([session.isNew, session.principal, { ...session }], [false, undefined, { theme: 'dark' }]);
      session.theme = 'light';
      await assert.rejects(session.save(), { code: 'SESSION_GONE' });
      assert.equal(await session.take('theme'), undefined);
      await assert.rejects(
        session.update('theme', () => 'light'),
        { code: 'SESSION_GONE' },
      );
      await session.touch();
    });
    assert.equal(old.setCookie, undefined);
    assert.equal(scope.session.theme, 'light');
    await user.visit(({ session }) => assert.deepEqual({ ...session }, { theme: 'dark', role: 'admin' }));
    clock.advance(1);
    await old.visit(({ session }) => assert.equal(session.isNew, true));
  });

  it('leaves their cookie alone on another instance too', async () => {
    const user = browserWith({ route: 'one' });
    await user.visit(({ session }) => (session.theme = 'dark'));
    const old = browserWith({ route: 'two' });
    old.cookie = user.cookie;
    await user.visit(({ session }) => session.login('ada'));
    await old.visit(({ session }) => assert.equal(session.theme, 'dark'));
    assert.equal(old.setCookie, undefined);
  });

  it('never upgrades a planted id: whoever planted it sees no login, then nothing', async () => {
    const attacker = browserWith();
    await attacker.visit(({ session }) => (session.note = 'planted'));
    const victim = browserWith();
    victim.cookie = attacker.cookie;
    await victim.visit(async ({ session }) => {
      await session.login('ada');
      session.user = 'ada';
    });
    await attacker.visit(({ session }) => {
      assert.deepEqual([session.principal, { ...session }], [undefined, { note: 'planted' }]);
    });
    clock.advance(10_000);
    await attacker.visit(({ session }) => assert.equal(session.isNew, true));
  });

  for (const retireMs of [10_000, 0]) {
    it(`lets both of two simultaneous logins succeed, each with an id of its own (retireMs ${retireMs})`, async () => {
      const user = browserWith({ retireMs });
      await user.visit(({ session }) => (session.theme = 'dark'));
      const scopes = [await user.open(), await user.open()];
      await Promise.all(scopes.map(({ session }) => session.login('ada')));
      const ids = new Set<string>();
      for (const scope of scopes) {
        await scope.commit();
        user.cookie = scope.setCookie()!.split(';')[0]!;
        await user.visit(({ session }) => ids.add(`${session.principal}${session.id}`));
      }
      assert.equal(ids.size, 2);
      assert.ok([...ids].every((id) => id.startsWith('ada')));
    });
  }

  it('lets somebody log in with an id that has moved on, as a double click does', async () => {
    const user = browserWith();
    await user.visit(({ session }) => (session.theme = 'dark'));
    const second = browserWith();
    second.cookie = user.cookie;
    await user.visit(({ session }) => session.login('ada'));
    await second.visit(({ session }) => session.login('ada'));
    await second.visit(({ session }) => assert.deepEqual([session.principal, session.theme], ['ada', 'dark']));
    assert.notEqual(second.cookie, user.cookie);
  });

  it('gives no new id to what is left of a logged-in session: its logout would be undone', async () => {
    const user = browserWith();
    await user.visit(({ session }) => session.login('ada'));
    const old = browserWith();
    old.cookie = user.cookie;
    await user.visit(({ session }) => session.regenerate());
    await user.visit(({ session }) => session.logout());
    await old.visit(({ session }) => assert.rejects(session.regenerate(), { code: 'SESSION_GONE' }));
    assert.equal(old.setCookie, undefined);
  });

  it('shows them nothing if the fields were dropped, or `retireMs` is 0', async () => {
    for (const [retireMs, keepFields] of [
      [10_000, false],
      [0, true],
    ] as const) {
      const user = browserWith({ retireMs });
      await user.visit(({ session }) => (session.theme = 'dark'));
      const old = browserWith({ retireMs });
      old.cookie = user.cookie;
      await user.visit(({ session }) => session.regenerate({ keepFields }));
      await old.visit(({ session }) => assert.equal(session.isNew, true));
      assert.deepEqual([store.calls.retire, store.calls.destroy].join(), keepFields ? '0,2' : '0,1');
    }
  });

  it('leaves nothing behind under the new id where the session was ended first', async () => {
    const user = browserWith();
    await user.visit(({ session }) => session.login('ada'));
    const late = await user.open();
    await (await user.open()).session.logout();
    await assert.rejects(late.session.regenerate(), { code: 'SESSION_GONE' });
    assert.deepEqual(await store.list('ada', clock.now()), []);
  });

  it('leaves nothing behind under the new id where the store failed half-way', async () => {
    const user = browserWith();
    await user.visit(({ session }) => session.login('ada'));
    const { retire } = store;
    store.retire = () => Promise.reject(new Error('no'));
    const scope = await user.open();
    await assert.rejects(scope.session.regenerate(), { code: 'SESSION_STORE' });
    store.retire = retire;
    assert.equal((await store.list('ada', clock.now())).length, 1);
    await user.visit(({ session }) => assert.equal(session.principal, 'ada'));
  });
});
