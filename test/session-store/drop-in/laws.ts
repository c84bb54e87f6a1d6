/** What holds for every library whose store we take the place of. */
import { deepEqual, equal } from 'node:assert/strict';
import { memorySessionStore, type SessionStore } from '@evenkeel/session-store';
import { counting, type CountingStore } from '../fixtures/counting-store.ts';
import { closeServers, type Received, type TestServer } from '../fixtures/serve.ts';
import { type Browser, browserOf } from './browser.ts';

/** What a test does with the session of a request; what it returns is the response. */
export interface Visit {
  readonly session: Record<string, unknown>;
  /** Ends the session as the library's users do. */
  logout(): unknown;
}

export type Work = (visit: Visit) => unknown;

/** One library with our store in it. */
export interface DropIn {
  readonly name: string;
  /** @param work what requests do to the session, by path */
  serve(store: SessionStore, work: ReadonlyMap<string, Work>): Promise<TestServer>;
}

const WRITERS = 4;
const ROUNDS = 100;

export function describeDropIn({ name, serve }: DropIn): void {
  describe(`a drop-in store for ${name}`, () => {
    let store: CountingStore;
    let server: TestServer;
    let browser: Browser;
    let work: Map<string, Work>;

    beforeEach(async () => {
      store = counting(memorySessionStore());
      work = new Map<string, Work>([
        ['/', ({ session }) => fieldsOf(session)],
        ['/logout', ({ logout }) => logout()],
      ]);
      server = await serve(store, work);
      browser = browserOf(server.url);
    });

    afterEach(closeServers);

    async function visit(path: string, what?: Work): Promise<Received> {
      if (what !== undefined) work.set(path, what);
      const answer = await browser.get(path);
      equal(answer.status, 200, answer.body);
      return answer;
    }

    async function fields(): Promise<unknown> {
      return JSON.parse((await visit('/')).body);
    }

    it('loses no change of four requests that write different fields at once', async () => {
      await visit('/start', ({ session }) => void (session['start'] = 1));
      let lost = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        const everybody = meeting(WRITERS);
        const writers: Promise<unknown>[] = [];
        for (let writer = 0; writer < WRITERS; writer++) {
          const request = visit(`/write${writer}`, async ({ session }) => {
            JSON.stringify(session);
            await everybody();
            // All have read by now; every other time they write one after the other.
            if (round % 2 === 1) await writers[writer - 1];
            session[`field${writer}`] = round;
          });
          writers.push(request);
        }
        await Promise.all(writers);
        const stored = (await fields()) as Record<string, unknown>;
        for (let writer = 0; writer < WRITERS; writer++) if (stored[`field${writer}`] !== round) lost++;
      }
      equal(lost, 0, `${lost} of ${WRITERS * ROUNDS} writes lost`);
    });

    it('does not undo a logout, whatever requests in flight store afterwards', async () => {
      let undone = 0;
      for (let round = 0; round < 20; round++) {
        browser.forget();
        await visit('/login', ({ session }) => void (session['user'] = 'ann'));
        const mine = browser.cookie;
        const loaded = meeting(2);
        const gate = meeting(2);
        const late = visit('/late', async ({ session }) => {
          await loaded();
          await gate();
          session['late'] = true;
        });
        await loaded();
        await browserOf(server.url, mine).get('/logout');
        await Promise.all([gate(), late]);
        const seen = JSON.parse((await browserOf(server.url, mine).get('/')).body) as object;
        if (Object.keys(seen).length > 0) undone++;
      }
      equal(undone, 0, `${undone} of 20 logouts undone`);
    });

    it('sends the fields that a request has changed, and no others', async () => {
      await visit('/start', ({ session }) => void Object.assign(session, { a: 1, b: { deep: [1] }, c: 'x' }));
      store.patches.length = 0;
      await visit('/change', ({ session }) => {
        (session['b'] as { deep: number[] }).deep.push(2);
        delete session['c'];
      });
      const [patch] = store.patches;
      deepEqual([patch?.set.filter(isOfApplication), patch?.remove], [['b'], ['c']]);
      deepEqual(await fields(), { a: 1, b: { deep: [1, 2] } });
    });

    it('turns values into what JSON makes of them, as the users of the library know it', async () => {
      const value = { at: new Date(0), map: new Map([[1, 2]]), none: undefined, list: [undefined], nan: Number.NaN };
      await visit('/start', ({ session }) => void Object.assign(session, { value, gone: undefined, call: () => 1 }));
      deepEqual(await fields(), { value: { at: '1970-01-01T00:00:00.000Z', map: {}, list: [null], nan: null } });
    });

    it('keeps fields under names that no field of ours may have', async () => {
      const odd = { increment: 1, prototype: 'p', '': 'empty', '*': 'star', '*mine': 2, ['x'.repeat(200)]: 3 };
      await visit('/start', ({ session }) => void Object.assign(session, odd));
      deepEqual(await fields(), odd);
      await visit('/change', ({ session }) => void (session['increment'] = 2));
      deepEqual(await fields(), { ...odd, increment: 2 });
    });

    it('lets no stored name reach a prototype', async () => {
      await visit(
        '/start',
        ({ session }) =>
          void Object.defineProperty(session, '__proto__', {
            value: { admin: true },
            enumerable: true,
            configurable: true,
          }),
      );
      await visit('/look', ({ session }) => ({ admin: session['admin'] ?? null }));
      deepEqual(JSON.parse((await visit('/look')).body), { admin: null });
    });
  });
}

function isOfApplication(name: string): boolean {
  return name !== 'cookie' && !name.startsWith('_');
}

/** What the application has put into a session. */
export function fieldsOf(session: Record<string, unknown>): Record<string, unknown> {
  const { cookie: _, ...fields } = JSON.parse(JSON.stringify(session)) as Record<string, unknown>;
  return fields;
}

/** Lets everybody wait for everybody. */
export function meeting(size: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let here = 0;
  return () => {
    if (++here === size) resolve();
    return promise;
  };
}
