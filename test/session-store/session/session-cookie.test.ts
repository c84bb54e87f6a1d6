import assert from 'node:assert/strict';
import '../fixtures/fields.ts';
import { SECRET, visits } from '../fixtures/visits.ts';
import type { Visits } from '../fixtures/visits.ts';

describe('the cookie of a session', () => {
  let browserWith: Visits['browserWith'];
  beforeEach(() => {
    ({ browserWith } = visits());
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
});
