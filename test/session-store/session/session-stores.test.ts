import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSessions,
  memorySessionStore,
  redisSessionStore,
  type SessionScope,
  type SessionStore,
  sqliteSessionStore,
} from '@evenkeel/session-store';
import '../fixtures/fields.ts';
// Reads REDIS_URL.
import { testRedis } from '../fixtures/redis.ts';

const SECRET = 'a secret of the tests';

describe('what a session promises about concurrent requests', () => {
  let redis: ReturnType<typeof testRedis>;
  let folder: string;
  let sqlite: ReturnType<typeof sqliteSessionStore>;
  before(() => {
    redis = testRedis();
    folder = mkdtempSync(join(tmpdir(), 'evenkeel-sessions-'));
    sqlite = sqliteSessionStore({ path: join(folder, 'sessions.db') });
  });
  after(async () => {
    await redis.close();
    sqlite.close();
    rmSync(folder, { recursive: true });
  });

  const stores: Record<string, () => SessionStore> = {
    memory: () => memorySessionStore(),
    sqlite: () => sqlite,
    redis: () => redisSessionStore(redis.connect(), { prefix: redis.prefix, deadlineMs: 5_000 }),
  };
  for (const [name, make] of Object.entries(stores)) {
    describe(`over ${name}`, () => {
      let cookie: string;
      let open: (count: number) => Promise<SessionScope[]>;
      beforeEach(async () => {
        const sessions = createSessions({ store: make(), secret: SECRET });
        open = (count) =>
          Promise.all(Array.from({ length: count }, () => sessions.open({ cookieHeader: cookie, isSecure: false })));
        cookie = '';
        const [scope] = await open(1);
        Object.assign(scope!.session, { cart: { items: [] }, note: 'welcome', role: 'free' });
        await scope!.commit();
        cookie = scope!.setCookie()!.split(';')[0]!;
      });

      it('holds for update(), cas() and take(): nothing is lost, and one wins', async () => {
        const scopes = await open(4);
        await Promise.all(
          scopes.map(({ session }, i) =>
            session.update('cart', (cart) => ({ items: [...(cart?.items ?? []), String(i)] })),
          ),
        );
        const taken = await Promise.all(scopes.map(({ session }) => session.take('note')));
        const wins = await Promise.all(scopes.map(({ session }, i) => session.cas('role', 'free', `for ${i}`)));
        assert.deepEqual(taken.filter(Boolean), ['welcome']);
        assert.equal(wins.filter(Boolean).length, 1);
        const [{ session }] = (await open(1)) as [SessionScope];
        assert.deepEqual(session.cart?.items.toSorted(), ['0', '1', '2', '3']);
        assert.deepEqual([session.note, session.role], [undefined, `for ${wins.indexOf(true)}`]);
      });

      it('holds for login() and destroyAll(): two logins are two sessions, and none is left', async () => {
        const principal = `ada of ${name}`;
        const [one, two, bystander] = (await open(3)) as [SessionScope, SessionScope, SessionScope];
        await Promise.all([one, two].map(({ session }) => session.login(principal)));
        bystander.session.role = 'late';
        await assert.rejects(bystander.session.save(), { code: 'SESSION_GONE' });
        const list = await one.session.listAll();
        assert.deepEqual(list.map(({ isCurrent }) => isCurrent).toSorted(), [false, true]);
        assert.ok(list.every(({ fields }) => fields.note === 'welcome'));
        await two.session.destroyAll();
        two.session.role = 'late';
        await assert.rejects(one.session.reload(), { code: 'SESSION_GONE' });
        assert.deepEqual(await one.session.listAll(), []);
      });
    });
  }
});
