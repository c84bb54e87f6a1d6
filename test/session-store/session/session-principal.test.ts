import assert from 'node:assert/strict';
import '../fixtures/fields.ts';
import { MINUTE, NO_CALLS, visits } from '../fixtures/visits.ts';
import type { Visits } from '../fixtures/visits.ts';

describe('the sessions of one principal', () => {
  let store: Visits['store'];
  let clock: Visits['clock'];
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ store, clock, browserWith } = visits());
  });

  it('are in a list that says when each was made and used, and which is this one', async () => {
    const [laptop, phone, other] = [browserWith(), browserWith(), browserWith()];
    await laptop.visit(({ session }) => session.login('ada'));
    clock.advance(MINUTE);
    await phone.visit(async ({ session }) => {
      await session.login('ada');
      session.note = 'phone';
    });
    await other.visit(({ session }) => session.login('eve'));
    clock.advance(2 * MINUTE);
    await laptop.visit();
    await phone.visit(async ({ session }) => {
      const list = await session.listAll();
      const now = clock.now();
      assert.deepEqual(
        list.map(({ createdAt, lastUsedAt, isCurrent }) => [now - createdAt, now - lastUsedAt, isCurrent]),
        [
          [3 * MINUTE, 0, false],
          [2 * MINUTE, 2 * MINUTE, true],
        ],
      );
      assert.deepEqual(
        list.map(({ fields }) => ({ ...fields })),
        [{}, { note: 'phone' }],
      );
      assert.ok(list.every(({ key }) => key.length === 22 && !key.includes(session.id)));
    });
  });

  it('can be ended from one another', async () => {
    const [laptop, phone] = [browserWith(), browserWith()];
    await laptop.visit(({ session }) => session.login('ada'));
    await phone.visit(({ session }) => session.login('ada'));
    await phone.visit(async ({ session }) => {
      const first = (await session.listAll()).find(({ isCurrent }) => !isCurrent);
      assert.deepEqual([await first!.end(), await first!.end()], [true, false]);
      assert.equal((await session.listAll()).length, 1);
    });
    await laptop.visit(({ session }) => assert.equal(session.isNew, true));
  });

  it('are none while nobody has logged in', async () => {
    await browserWith().visit(async ({ session }) => assert.deepEqual(await session.listAll(), []));
    assert.deepEqual(store.calls, NO_CALLS);
  });

  it('end all at once at destroyAll(), the one that asks included', async () => {
    const [laptop, phone, other] = [browserWith(), browserWith(), browserWith()];
    for (const user of [laptop, phone]) await user.visit(({ session }) => session.login('ada'));
    await other.visit(({ session }) => session.login('eve'));
    const inFlight = await laptop.open();
    inFlight.session.note = 'late';
    const { cookie } = phone;
    await phone.visit(async ({ session }) => {
      session.note = 'bye';
      await session.destroyAll();
      assert.deepEqual([session.principal, { ...session }], [undefined, {}]);
    });
    assert.match(phone.setCookie!, /^JSESSIONID=; Max-Age=0/);
    await inFlight.commit();
    phone.cookie = cookie;
    for (const user of [laptop, phone]) await user.visit(({ session }) => assert.equal(session.isNew, true));
    await other.visit(({ session }) => assert.equal(session.principal, 'eve'));
    await laptop.visit(({ session }) => session.login('ada'));
    await laptop.visit(({ session }) => assert.equal(session.principal, 'ada'));
  });

  it('are no others where nobody has logged in: destroyAll() is destroy() then', async () => {
    const user = browserWith();
    await user.visit(({ session }) => (session.theme = 'dark'));
    await user.visit(({ session }) => session.destroyAll());
    assert.deepEqual([store.calls.destroy, store.calls.revoke], [1, 0]);
    assert.match(user.setCookie!, /^JSESSIONID=; Max-Age=0/);
  });
});
