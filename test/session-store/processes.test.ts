/**
 * What the session layer is for, with real processes over real stores: nothing lost, nothing undone, nothing answered too early.
 * Requests that are to overlap are held inside their handlers until all of them have loaded their session, so they always do.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cookieOf, type Fleet, startFleet } from './fixtures/fleet.ts';
import { REDIS_URL, testRedis } from './fixtures/redis.ts';
import { tcpProxy } from './fixtures/tcp-proxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-fleet-'));
const redis = testRedis();
after(async () => {
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
});

const WRITERS = ['w0', 'w1', 'w2', 'w3'];

for (const framework of ['express', 'koa']) {
  for (const kind of ['redis', 'sqlite']) {
    describe(`two ${framework} processes over ${kind}`, function () {
      this.timeout(60_000);
      let fleet: Fleet;
      before(async () => {
        const where = kind === 'redis' ? REDIS_URL : join(folder, `${framework}.sqlite`);
        fleet = await startFleet(2, [framework, kind, where, redis.prefix]);
      });
      after(() => fleet.close());

      async function newSession(path = '/set/theme/dark'): Promise<string> {
        return cookieOf(await fleet.request(0, path));
      }

      it('lose 0 of 400 updates of different fields by four concurrent writers', async () => {
        const cookie = await newSession();
        let lost = 0;
        for (let round = 1; round <= 100; round++) {
          const writes = WRITERS.map((field, i) => fleet.ask(i % 2, `/held-set/${field}/${round}`, cookie));
          await fleet.held(WRITERS.length);
          fleet.release();
          await Promise.all(writes);
          const { fields } = await fleet.ask(round % 2, '/me', cookie);
          lost += WRITERS.filter((field) => fields[field] !== round).length;
        }
        assert.equal(lost, 0);
      });

      it('lose 0 of 100 concurrent increments of one field', async () => {
        const cookie = await newSession();
        for (let round = 1; round <= 25; round++) {
          const writes = WRITERS.map((_, i) => fleet.ask(i % 2, '/held-add/visits/1', cookie));
          await fleet.held(WRITERS.length);
          fleet.release();
          await Promise.all(writes);
        }
        assert.equal((await fleet.ask(0, '/me', cookie)).fields['visits'], 100);
      });

      it('undo 0 of 20 logouts that happen beside requests in flight', async () => {
        let undone = 0;
        for (let round = 0; round < 20; round++) {
          const cookie = cookieOf(await fleet.request(0, '/login/ada', await newSession()));
          const inFlight = ['/held-set/w0/1', '/held-push/cart/book', '/held-add/visits/1', '/held-login/eve'].map(
            (path, i) => fleet.request(i % 2, path, cookie),
          );
          await fleet.held(inFlight.length);
          assert.equal((await fleet.request(round % 2, '/logout', cookie)).status, 200);
          fleet.release();
          const late = (await Promise.all(inFlight)).map(cookieOf).filter((made) => made !== '');
          for (const made of [cookie, ...late]) {
            for (const instance of [0, 1])
              if ((await fleet.ask(instance, '/me', made)).fields['user'] !== undefined) undone++;
          }
        }
        assert.equal(undone, 0);
      });

      it('never answer a login with a redirect before the session can be read elsewhere', async () => {
        for (let round = 0; round < 20; round++) {
          const response = await fleet.request(round % 2, '/login/ada');
          assert.equal(response.status, 302);
          const { fields } = await fleet.ask((round + 1) % 2, '/me', cookieOf(response));
          assert.equal(fields['user'], 'ada');
        }
      });

      it('give a session a new id at login, keep its fields, and let the old id see what it was, and change nothing', async () => {
        const planted = await newSession('/push/cart/book');
        const response = await fleet.request(0, '/login/ada', planted);
        const cookie = cookieOf(response);
        assert.notEqual(cookie, planted);
        assert.deepEqual((await fleet.ask(1, '/me', cookie)).fields, { cart: { items: ['book'] }, user: 'ada' });
        for (const path of ['/set/theme/dark', '/me']) {
          assert.deepEqual((await fleet.request(1, path, planted)).headers.getSetCookie(), []);
        }
        assert.deepEqual((await fleet.ask(1, '/me', planted)).fields, { cart: { items: ['book'] } });
        assert.deepEqual((await fleet.ask(1, '/me', cookie)).fields, { cart: { items: ['book'] }, user: 'ada' });
      });

      it('carry along what was stored between the load and the new id', async () => {
        const cookie = await newSession();
        const login = fleet.request(0, '/held-login/ada', cookie);
        await fleet.held(1);
        await fleet.ask(1, '/push/cart/book', cookie);
        fleet.release();
        const { fields } = await fleet.ask(1, '/me', cookieOf(await login));
        assert.deepEqual(fields, { theme: 'dark', cart: { items: ['book'] }, user: 'ada' });
      });

      it('let both of two concurrent logins have the session, each under an id of its own', async () => {
        const cookie = await newSession();
        const logins = [0, 1].map((instance) => fleet.request(instance, '/held-login/ada', cookie));
        await fleet.held(2);
        fleet.release();
        const responses = await Promise.all(logins);
        const cookies = responses.map(cookieOf);
        assert.deepEqual([responses.map(({ status }) => status), new Set(cookies).size], [[302, 302], 2]);
        for (const each of cookies) {
          assert.deepEqual((await fleet.ask(0, '/me', each)).fields, { theme: 'dark', user: 'ada' });
        }
      });
    });
  }
}

for (const framework of ['express', 'koa']) {
  describe(`one ${framework} process over a Redis that freezes`, function () {
    this.timeout(60_000);

    it('answers 503 within the deadline, survives, and finds its sessions again', async () => {
      const { hostname: host, port } = new URL(REDIS_URL);
      const proxy = await tcpProxy({ host, port: Number(port || 6379) });
      const fleet = await startFleet(1, [framework, 'redis', `redis://127.0.0.1:${proxy.port}`, redis.prefix, '300']);
      const cookie = cookieOf(await fleet.request(0, '/set/user/ada'));
      proxy.mode = 'frozen';
      const requests = ['/me', '/set/theme/dark', '/login/ada', '/logout'].map((path) =>
        fleet.request(0, path, cookie),
      );
      // A new session meets the store only at its commit; one without changes not at all.
      requests.push(fleet.request(0, '/set/user/eve'), fleet.request(0, '/me'));
      const statuses = (await Promise.all(requests)).map(({ status }) => status);
      assert.deepEqual(statuses, [503, 503, 503, 503, 503, 200]);
      proxy.mode = 'open';
      proxy.cut();
      let status = 503;
      while (status === 503) ({ status } = await fleet.request(0, '/me', cookie));
      assert.equal((await fleet.ask(0, '/me', cookie)).fields['user'], 'ada');
      await fleet.close();
      await proxy.close();
    });
  });
}
