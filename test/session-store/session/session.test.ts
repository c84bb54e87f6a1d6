import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { createSessions, memorySessionStore, type SessionScope, type SessionStore } from '@evenkeel/session-store';
import {
  MAX_FIELD_NAME_LENGTH,
  PROTOTYPE_NAMES,
  SESSION_MEMBERS,
} from '../../../packages/session-store/src/fields/fields.ts';
import '../fixtures/fields.ts';
import { counting } from '../fixtures/counting-store.ts';

const SECRET = 'a secret of the tests';

/** One browser: opens its session, lets `use` work on it, commits, and takes the cookie. */
function browser(store: SessionStore): { visit(use: (scope: SessionScope) => unknown): Promise<void>; cookie: string } {
  const sessions = createSessions({ store, secret: SECRET });
  const self = {
    cookie: '',
    async visit(use: (scope: SessionScope) => unknown) {
      const scope = await sessions.open({ cookieHeader: self.cookie, isSecure: false });
      await use(scope);
      await scope.commit();
      self.cookie = scope.setCookie()?.split(';')[0] ?? self.cookie;
    },
  };
  return self;
}

describe('the session object', () => {
  let store: ReturnType<typeof counting>;
  let user: ReturnType<typeof browser>;
  beforeEach(() => {
    store = counting(memorySessionStore());
    user = browser(store);
  });

  describe('as an object', () => {
    beforeEach(() =>
      user.visit(({ session }) => {
        session.user = 'ada';
        session.cart = { items: ['book'] };
      }),
    );

    it('has the fields, and only them, as its own enumerable properties', async () => {
      await user.visit(({ session }) => {
        assert.deepEqual(Object.keys(session), ['user', 'cart']);
        assert.equal(JSON.stringify(session), '{"user":"ada","cart":{"items":["book"]}}');
        assert.deepEqual({ ...session }, { user: 'ada', cart: { items: ['book'] } });
        const names: string[] = [];
        for (const name in session) names.push(name);
        assert.deepEqual(names, ['user', 'cart']);
        assert.ok('user' in session && !('role' in session));
        assert.match(inspect(session), /user/);
      });
    });

    it('notices assigned, added, removed and undefined fields, and stores them alone', async () => {
      await user.visit(({ session }) => {
        session.theme = 'dark';
        session.user = 'eve';
        delete session.cart;
      });
      await user.visit(({ session }) => assert.deepEqual({ ...session }, { user: 'eve', theme: 'dark' }));
      await user.visit(({ session }) => Object.assign(session, { theme: undefined }));
      await user.visit(({ session }) => assert.deepEqual({ ...session }, { user: 'eve' }));
      assert.deepEqual(store.patches.at(-1), { set: [], remove: ['theme'], add: [] });
    });

    it('notices a change deep inside a value', async () => {
      await user.visit(({ session }) => session.cart?.items.push('pen'));
      assert.deepEqual(store.patches.at(-1), { set: ['cart'], remove: [], add: [] });
      await user.visit(({ session }) => assert.deepEqual(session.cart?.items, ['book', 'pen']));
    });

    it('stores nothing when fields were only read, or assigned what they were', async () => {
      const before = store.calls.commit;
      await user.visit(({ session }) => {
        JSON.stringify(session);
        session.user = 'ada';
        session.cart = { items: ['book'] };
      });
      assert.equal(store.calls.commit, before);
      assert.equal(store.calls.touch, 0);
    });

    it('is read through an object that inherits from it', async () => {
      await user.visit(({ session }) => {
        const heir = Object.create(session) as typeof session;
        assert.deepEqual([heir.user, heir.cart?.items], ['ada', ['book']]);
        assert.deepEqual(Object.keys(heir), []);
      });
      await user.visit(({ session }) => assert.deepEqual(session.cart?.items, ['book']));
    });

    it('has more fields than it keeps accessors for, each with its own value', async () => {
      const names = Array.from({ length: 5_000 }, (_, i) => `field ${i}`);
      await user.visit(({ session }) => names.forEach((name, i) => Object.assign(session, { [name]: [i] })));
      await user.visit(({ session }) => {
        names.forEach((name, i) => assert.deepEqual(Reflect.get(session, name), [i]));
        Object.assign(session, { [names[4_999]!]: ['changed'] });
      });
      assert.deepEqual(store.patches.at(-1), { set: [names[4_999]], remove: [], add: [] });
    });

    it('notices a field that was defined anew without being read', async () => {
      await user.visit(({ session }) => {
        for (const [name, value] of [
          ['cart', { items: ['pen'] }],
          ['user', 'eve'],
        ]) {
          Object.defineProperty(session, name as string, { value, enumerable: true, configurable: true });
        }
      });
      await user.visit(({ session }) => assert.deepEqual([session.user, session.cart?.items], ['eve', ['pen']]));
    });

    it('gives a removed field a new value', async () => {
      await user.visit(({ session }) => {
        delete session.user;
        session.user = 'eve';
      });
      await user.visit(({ session }) => assert.equal(session.user, 'eve'));
    });
  });

  describe('with names that are not for fields', () => {
    for (const name of [...PROTOTYPE_NAMES, ...SESSION_MEMBERS]) {
      it(`refuses ${name} where it is assigned, and where it is sneaked in`, async () => {
        await user.visit(async (scope) => {
          const { session } = scope;
          const prototype: unknown = Object.getPrototypeOf(session);
          const refused = {
            name: 'BalancerError',
            code: 'SESSION_FIELD',
            message: `The session field name "${name}" is reserved`,
          };
          const body = JSON.parse(`{"${name}":{"isAdmin":true}}`) as object;
          assert.throws(() => Reflect.set(session, name, { isAdmin: true }), refused);
          assert.throws(() => Object.assign(session, body), refused);
          assert.throws(() => session.increment(name), refused);
          Object.defineProperty(session, name, { value: 1, enumerable: true, configurable: true });
          await assert.rejects(async () => scope.commit(), refused);
          assert.equal(Object.getPrototypeOf(session), prototype);
          assert.equal(Reflect.get({}, 'isAdmin'), undefined);
        });
        assert.equal(store.calls.commit, 0);
      });
    }

    it('refuses names that every object has, names too long or unprintable, and symbols', async () => {
      for (const name of [
        'toString',
        'hasOwnProperty',
        '__defineGetter__',
        '',
        'x'.repeat(MAX_FIELD_NAME_LENGTH + 1),
        '\ud800',
        'a\u0000b',
        '\n',
      ]) {
        await assert.rejects(
          user.visit(({ session }) => Object.assign(session, { [name]: 1 })),
          { code: 'SESSION_FIELD' },
        );
      }
      await assert.rejects(
        user.visit(({ session }) => Object.assign(session, { [Symbol('mark')]: 1 })),
        { code: 'SESSION_FIELD', message: /Symbol\(mark\)/ },
      );
      assert.equal(store.calls.commit, 0);
    });
  });

  it('names the path of a value that cannot be stored', async () => {
    const refused = { code: 'SESSION_FIELD', message: /`cart\.items\[0\]` cannot be stored: an instance of URL/ };
    await assert.rejects(
      user.visit(({ session }) => Object.assign(session, { cart: { items: [new URL('http://a')] } })),
      refused,
    );
  });

  it('keeps its prototype, whatever a store makes of its fields', async () => {
    const other = browser(storeOf({ ['__proto__']: '"x"', constructor: '{}', id: '7' }));
    other.cookie = await signedCookie();
    await user.visit(async ({ session }) => {
      const prototype: unknown = Object.getPrototypeOf(session);
      await other.visit((scope) => assert.equal(Object.getPrototypeOf(scope.session), prototype));
    });
    assert.equal(Reflect.get({}, 'x'), undefined);
  });

  it('decodes a field only when it is read', async () => {
    const other = browser(storeOf({ user: '{garbage', theme: '"dark"' }));
    other.cookie = await signedCookie();
    await other.visit(({ session }) => {
      assert.equal(session.theme, 'dark');
      assert.throws(() => session.user, { name: 'BalancerError', code: 'SESSION_CORRUPT' });
      assert.throws(() => JSON.stringify(session), { code: 'SESSION_CORRUPT' });
      session.user = 'ada';
      assert.equal(session.user, 'ada');
    });
  });

  describe('increment', () => {
    it('counts from nothing and shows the sum at once', async () => {
      await user.visit(({ session }) => {
        assert.equal(session.increment('visits'), 1);
        assert.equal(session.increment('visits', 5), 6);
        assert.equal(session.visits, 6);
      });
      await user.visit(({ session }) => assert.equal(session.increment('visits', -6), 0));
      assert.deepEqual(store.patches, [
        { set: [], remove: [], add: [['visits', 6]] },
        { set: [], remove: [], add: [['visits', -6]] },
      ]);
    });

    it('adds to what others have stored, and shows the exact sum after save()', async () => {
      await user.visit(({ session }) => (session.visits = 10));
      await user.visit(async ({ session }) => {
        assert.equal(session.visits, 10);
        await user.visit((other) => other.session.increment('visits', 100));
        session.increment('visits');
        assert.equal(session.visits, 11);
        await session.save();
        assert.equal(session.visits, 111);
        session.increment('visits');
      });
      await user.visit(({ session }) => assert.equal(session.visits, 112));
    });

    it('is part of an assignment in the same request', async () => {
      await user.visit(({ session }) => (session.visits = 10));
      await user.visit(({ session }) => {
        session.increment('visits');
        session.visits = 50;
        session.increment('visits');
      });
      await user.visit(({ session }) => assert.equal(session.visits, 51));
      await user.visit(({ session }) => {
        delete session.visits;
        session.increment('visits', 3);
      });
      await user.visit(({ session }) => assert.equal(session.visits, 3));
    });

    it('keeps what is added while a save is under way', async () => {
      await user.visit(async ({ session }) => {
        session.increment('visits', 1);
        const saved = session.save();
        await Promise.resolve();
        await Promise.resolve();
        session.increment('visits', 10);
        await saved;
        assert.equal(session.visits, 11);
      });
      await user.visit(({ session }) => assert.equal(session.visits, 11));
    });

    it('refuses what is not a safe integer, on either side', async () => {
      await user.visit(({ session }) => {
        session.user = 'ada';
        session.visits = Number.MAX_SAFE_INTEGER;
        const refused = { code: 'SESSION_FIELD' };
        assert.throws(() => session.increment('user'), refused);
        assert.throws(() => session.increment('visits'), refused);
        for (const by of [0.5, Number.NaN, 2 ** 53]) assert.throws(() => session.increment('w0', by), refused);
      });
    });
  });
});

/** A store in which every id has these fields. */
function storeOf(fields: Record<string, string | undefined>): SessionStore {
  const now = Date.now();
  return {
    ...counting(memorySessionStore()),
    load: async () => ({
      version: 1,
      createdAt: now,
      touchedAt: now,
      expiresAt: now + 1_000,
      principal: undefined,
      isRetired: false,
      fields: new Map(Object.entries(fields) as [string, string][]),
    }),
    commit: async () => ({ version: 2, sums: new Map(), conflicts: new Map() }),
  };
}

/** A cookie with a right mac, as any session of this secret has. */
async function signedCookie(): Promise<string> {
  const user = browser(memorySessionStore());
  await user.visit(({ session }) => (session.theme = 'dark'));
  return user.cookie;
}
