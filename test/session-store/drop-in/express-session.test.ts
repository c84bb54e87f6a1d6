import { deepEqual, equal } from 'node:assert/strict';
import { promisify } from 'node:util';
import { memorySessionStore, type SessionStore } from '@evenkeel/session-store';
import { expressSessionStore } from '@evenkeel/session-store/express-session';
import express from 'express';
import session from 'express-session';
import { counting } from '../fixtures/counting-store.ts';
import { closeServers, serve, type TestServer } from '../fixtures/serve.ts';
import { browserOf } from './browser.ts';
import { describeDropIn, fieldsOf, type Work } from './laws.ts';

const SECRET = 'a secret of the tests';

function serveExpress(
  store: SessionStore,
  work: ReadonlyMap<string, Work>,
  options: Partial<session.SessionOptions> = {},
): Promise<TestServer> {
  const app = express();
  app.set('env', 'test');
  const sessions = { resave: false, saveUninitialized: false, secret: SECRET, ...options };
  app.use(session({ ...sessions, store: expressSessionStore(session, { store }) }));
  app.use(async (req, res) => {
    const logout = promisify((done: (error: unknown) => void) => req.session.destroy(done));
    res.json((await work.get(req.path)!({ session: req.session as never, logout })) ?? null);
  });
  return serve(app);
}

describeDropIn({ name: 'express-session', serve: serveExpress });

describe('an application with express-session', () => {
  let store: SessionStore;

  beforeEach(() => {
    store = memorySessionStore();
  });

  afterEach(closeServers);

  it('answers 500 while the store is away, and goes on when it is back', async () => {
    let isAway = false;
    const failing: SessionStore = {
      ...counting(store),
      load: (...parameters) => (isAway ? Promise.reject(new Error('away')) : store.load(...parameters)),
    };
    const work = new Map<string, Work>([
      ['/', ({ session: it }) => fieldsOf(it)],
      ['/login', ({ session: it }) => void (it['user'] = 'ann')],
    ]);
    const browser = browserOf((await serveExpress(failing, work)).url);
    await browser.get('/login');
    isAway = true;
    equal((await browser.get('/')).status, 500);
    isAway = false;
    deepEqual(JSON.parse((await browser.get('/')).body), { user: 'ann' });
  });

  it('keeps `regenerate` and `reload` as they are', async () => {
    const work = new Map<string, Work>([
      ['/', ({ session: it }) => fieldsOf(it)],
      ['/login', ({ session: it }) => void (it['user'] = 'ann')],
      [
        '/regenerate',
        ({ session: it }) =>
          promisify((done: (error: unknown) => void) => (it as never as session.Session).regenerate(done))(),
      ],
      [
        '/reload',
        async ({ session: it }) => {
          it['user'] = 'eve';
          const mine = it as never as session.Session;
          await promisify((done: (error: unknown) => void) => mine.reload(done))();
        },
      ],
    ]);
    const browser = browserOf((await serveExpress(store, work)).url);
    await browser.get('/login');
    await browser.get('/reload');
    deepEqual(JSON.parse((await browser.get('/')).body), { user: 'ann' });
    const before = browser.cookie;
    await browser.get('/regenerate');
    deepEqual(JSON.parse((await browser.get('/')).body), {});
    browser.forget();
    deepEqual(JSON.parse((await browserOf((await serveExpress(store, work)).url, before).get('/')).body), {});
  });
});
