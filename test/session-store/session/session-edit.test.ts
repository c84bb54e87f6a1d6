import assert from 'node:assert/strict';
import '../fixtures/fields.ts';
import { NO_CALLS, visits } from '../fixtures/visits.ts';
import type { Browser, Visits } from '../fixtures/visits.ts';

describe('a field that is changed on a condition', () => {
  let store: Visits['store'];
  let browserWith: Visits['browserWith'];
  let user: Browser;
  beforeEach(() => {
    ({ store, browserWith } = visits());
    user = browserWith();
  });

  /** Lets somebody else change the session right before each of the next commits. */
  function beforeCommits(...changes: (() => Promise<unknown>)[]): void {
    const { commit } = store;
    store.commit = async (...parameters) => {
      const change = changes.shift();
      if (change !== undefined) {
        const ours = store.commit;
        store.commit = commit;
        await change();
        store.commit = ours;
      }
      return commit(...parameters);
    };
  }

  describe('by update()', () => {
    it('loses nothing though five requests change one value at once', async () => {
      await user.visit(({ session }) => (session.cart = { items: [] }));
      const scopes = await Promise.all(Array.from({ length: 5 }, () => user.open()));
      await Promise.all(
        scopes.map(({ session }, i) =>
          session.update('cart', (cart) => ({ items: [...(cart?.items ?? []), String(i)] })),
        ),
      );
      await user.visit(({ session }) => assert.deepEqual(session.cart?.items.toSorted(), ['0', '1', '2', '3', '4']));
    });

    it('computes again from what the store holds, with a copy of its own each time', async () => {
      await user.visit(({ session }) => (session.cart = { items: ['a'] }));
      beforeCommits(() => user.visit(({ session }) => session.cart?.items.push('theirs')));
      await user.visit(async ({ session }) => {
        const seen: unknown[] = [];
        const cart = await session.update('cart', (current) => {
          seen.push([...(current?.items ?? [])]);
          current?.items.push('mine');
          return current;
        });
        assert.deepEqual(seen, [['a'], ['a', 'theirs']]);
        assert.deepEqual(cart?.items, ['a', 'theirs', 'mine']);
        assert.deepEqual(session.cart?.items, ['a', 'theirs', 'mine']);
      });
      await user.visit(({ session }) => assert.deepEqual(session.cart?.items, ['a', 'theirs', 'mine']));
    });

    it('stores at once, and the commit at the end has nothing left to do', async () => {
      await user.visit(({ session }) => (session.visits = 1));
      await user.visit(async ({ session }) => {
        await session.update('visits', (count = 0) => count + 1);
        await user.visit((other) => assert.equal(other.session.visits, 2));
      });
      assert.equal(store.calls.commit, 2);
    });

    it('starts from what this request has changed, which is stored first', async () => {
      await user.visit(({ session }) => (session.visits = 1));
      await user.visit(async ({ session }) => {
        session.visits = 10;
        session.increment('visits');
        assert.equal(await session.update('visits', (count = 0) => count * 2), 22);
      });
      await user.visit(({ session }) => assert.equal(session.visits, 22));
    });

    it('keeps what is added to the field while it is under way', async () => {
      await user.visit(({ session }) => (session.visits = 1));
      await user.visit(async ({ session }) => {
        const updated = session.update('visits', (count = 0) => count * 10);
        assert.equal(session.increment('visits'), 2);
        await updated;
        assert.equal(session.visits, 11);
      });
      await user.visit(({ session }) => assert.equal(session.visits, 11));
    });

    it('leaves other changes of the request for its commit', async () => {
      await user.visit(({ session }) => (session.visits = 1));
      await user.visit(async ({ session }) => {
        session.theme = 'dark';
        await session.update('visits', () => 2);
        assert.deepEqual(store.patches.at(-1)?.set, ['visits']);
        assert.equal(session.theme, 'dark');
      });
      await user.visit(({ session }) => assert.deepEqual({ ...session }, { visits: 2, theme: 'dark' }));
    });

    it('makes a new session, adds a field, and removes it where the change is undefined', async () => {
      await user.visit(({ session }) => session.update('visits', (count = 0) => count + 1));
      await user.visit(({ session }) => assert.equal(session.visits, 1));
      await user.visit(({ session }) => session.update('visits', () => undefined));
      await user.visit(({ session }) => assert.deepEqual([session.isNew, 'visits' in session], [false, false]));
      await browserWith().visit(({ session }) => session.update('visits', () => undefined));
      assert.equal(store.calls.commit, 2);
    });

    it('gives up with SESSION_CONFLICT after five tries, and shows what the store holds', async () => {
      await user.visit(({ session }) => (session.visits = 0));
      const theirs = (): Promise<unknown> => user.visit(({ session }) => session.increment('visits'));
      beforeCommits(...Array.from({ length: 5 }, () => theirs));
      let tries = 0;
      await user.visit(async ({ session }) => {
        await assert.rejects(
          session.update('visits', () => ++tries * 100),
          { code: 'SESSION_CONFLICT', status: 409, message: /"visits"/ },
        );
        assert.deepEqual([tries, session.visits], [5, 5]);
      });
      await user.visit(({ session }) => assert.equal(session.visits, 5));
    });

    it('rejects with SESSION_GONE where the session was destroyed, and with what the change throws', async () => {
      await user.visit(({ session }) => (session.visits = 1));
      await user.visit(async ({ session }) => {
        const mistake = session.update('visits', () => {
          throw new RangeError('no');
        });
        await assert.rejects(mistake, { cause: new RangeError('no') });
        await assert.rejects(session.update('visits', (() => Promise.resolve(1)) as never), { code: 'SESSION_FIELD' });
        assert.equal(session.visits, 1);
        await (await user.open()).session.destroy();
        await assert.rejects(
          session.update('visits', () => 2),
          { code: 'SESSION_GONE' },
        );
      });
    });

    it('refuses names that are not for fields, and what is not a function, at once', async () => {
      await user.visit(({ session }) => {
        const refused = { code: 'SESSION_FIELD' };
        assert.throws(() => session.update('__proto__', () => 1), refused);
        assert.throws(() => session.cas('id', undefined, 1), refused);
        assert.throws(() => session.take('constructor'), refused);
        assert.throws(() => session.update('visits', 1 as never), { code: 'INVALID_OPTIONS' });
      });
      assert.deepEqual(store.calls, NO_CALLS);
    });
  });

  describe('by cas()', () => {
    it('is stored by one of two requests that expect the same', async () => {
      await user.visit(({ session }) => (session.role = 'free'));
      const scopes = [await user.open(), await user.open()];
      const wins = await Promise.all(scopes.map(({ session }, i) => session.cas('role', 'free', `taken by ${i}`)));
      assert.deepEqual(wins, [true, false]);
      assert.deepEqual(
        scopes.map(({ session }) => session.role),
        ['taken by 0', 'taken by 0'],
      );
      for (const scope of scopes) await scope.commit();
      await user.visit(({ session }) => assert.equal(session.role, 'taken by 0'));
    });

    it('asks the store, though this request knows another value', async () => {
      await user.visit(({ session }) => (session.role = 'a'));
      await user.visit(async ({ session }) => {
        assert.equal(session.role, 'a');
        await user.visit((other) => (other.session.role = 'b'));
        assert.deepEqual([await session.cas('role', 'b', 'c'), session.role], [true, 'c']);
      });
    });

    it('takes undefined for a field that is not there, on both sides', async () => {
      await user.visit(async ({ session }) => {
        assert.equal(await session.cas('role', 'a', 'b'), false);
        assert.equal(await session.cas('role', undefined, 'a'), true);
        assert.equal(await session.cas('role', undefined, 'b'), false);
        assert.equal(await session.cas('role', 'a', undefined), true);
        assert.equal('role' in session, false);
      });
    });
  });

  describe('by take()', () => {
    it('gives a value to one of the requests that take it at once, and to none later', async () => {
      await user.visit(({ session }) => (session.note = 'welcome'));
      const scopes = await Promise.all(Array.from({ length: 4 }, () => user.open()));
      const taken = await Promise.all(scopes.map(({ session }) => session.take('note')));
      assert.deepEqual(
        taken.filter((value) => value !== undefined),
        ['welcome'],
      );
      for (const scope of scopes) await scope.commit();
      await user.visit(async ({ session }) => assert.equal(await session.take('note'), undefined));
    });

    it('gives the value that the store holds, if that was changed meanwhile', async () => {
      await user.visit(({ session }) => (session.note = 'old'));
      await user.visit(async ({ session }) => {
        await user.visit((other) => (other.session.note = 'new'));
        assert.equal(await session.take('note'), 'new');
      });
    });

    it('asks nobody where there is nothing to take', async () => {
      await user.visit(({ session }) => (session.theme = 'dark'));
      const commits = store.calls.commit;
      await user.visit(async ({ session }) => assert.equal(await session.take('note'), undefined));
      assert.equal(store.calls.commit, commits);
    });

    it('gives what this request has set itself', async () => {
      await user.visit(async ({ session }) => {
        session.note = 'mine';
        assert.deepEqual([await session.take('note'), session.note], ['mine', undefined]);
      });
      await user.visit(({ session }) => assert.deepEqual({ ...session }, {}));
    });

    it('gives nothing where the session was destroyed, and does not fail', async () => {
      await user.visit(({ session }) => (session.note = 'welcome'));
      await user.visit(async ({ session }) => {
        await (await user.open()).session.destroy();
        assert.equal(await session.take('note'), undefined);
      });
    });
  });

  describe('beyond the limits of size', () => {
    it('is refused with its name, the limit and the size, and nothing is stored', async () => {
      const small = browserWith({ maxFieldBytes: 64 });
      await assert.rejects(
        small.visit(({ session }) => (session.note = 'ä'.repeat(40))),
        { code: 'SESSION_FIELD', message: /"note" is too large: 82 bytes, where `maxFieldBytes` is 64/ },
      );
      await small.visit(async ({ session }) => {
        await assert.rejects(
          session.update('note', () => 'x'.repeat(63)),
          { message: /"note" is too large: 65 bytes/ },
        );
      });
      assert.equal(store.calls.commit, 0);
      await small.visit(({ session }) => (session.note = 'x'.repeat(62)));
      assert.equal(store.calls.commit, 1);
    });

    it('is refused where the whole session would become too large', async () => {
      const small = browserWith({ maxSessionBytes: 100 });
      await small.visit(({ session }) => (session.note = 'x'.repeat(60)));
      await assert.rejects(
        small.visit(({ session }) => Object.assign(session, { role: 'r', theme: 'y'.repeat(40) })),
        { code: 'SESSION_FIELD', message: /"theme" makes the session too large: 120 bytes.*`maxSessionBytes` is 100/ },
      );
      for (const grow of ['login', 'regenerate', 'update'] as const) {
        const scope = await small.open();
        scope.session.theme = 'y'.repeat(40);
        const grown = {
          login: () => scope.session.login('ada'),
          regenerate: () => scope.session.regenerate(),
          update: () => scope.session.update('role', () => 'z'.repeat(40)),
        }[grow]();
        await assert.rejects(grown, { code: 'SESSION_FIELD', message: /session too large/ });
      }
      await small.visit(({ session }) => Object.assign(session, { note: 'x', theme: 'y'.repeat(40) }));
      await small.visit(({ session }) => assert.deepEqual([session.note, session.theme?.length], ['x', 40]));
      await small.visit(({ session }) => {
        delete session.theme;
        session.role = 'z'.repeat(60);
      });
      await small.visit(({ session }) => assert.deepEqual(Object.keys(session), ['note', 'role']));
    });

    it('can shrink, where another instance allows more', async () => {
      await user.visit(({ session }) => Object.assign(session, { note: 'x'.repeat(200), theme: 'dark' }));
      const small = browserWith({ maxSessionBytes: 100 });
      small.cookie = user.cookie;
      await small.visit(({ session }) => (session.note = 'x'.repeat(150)));
      await assert.rejects(
        small.visit(({ session }) => (session.role = 'more')),
        { code: 'SESSION_FIELD' },
      );
      await small.visit(({ session }) => assert.equal(session.note?.length, 150));
    });
  });
});
