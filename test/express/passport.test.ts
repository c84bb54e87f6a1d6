import assert from 'node:assert/strict';
import express, { type Express } from 'express';
import { Passport, type Strategy } from 'passport';
import { session } from '@evenkeel/express';
import { memorySessionStore } from '@evenkeel/session-store';
import { counting } from '../session-store/fixtures/counting-store.ts';
import '../session-store/fixtures/fields.ts';
import { closeServers, cookieIn, get, serve } from '../session-store/fixtures/serve.ts';

const SECRET = 'a secret of the tests';

/** What passport gives a strategy to answer with. */
interface Verdict {
  success(user: object): void;
  fail(challenge: string): void;
}

/** Lets in whoever says who he is. */
const TRUSTING = {
  name: 'trusting',
  authenticate(this: Verdict, req: express.Request) {
    const { user } = req.query;
    if (typeof user === 'string') this.success({ id: user });
    else this.fail('who are you?');
  },
};

describe('session() of @evenkeel/express under passport', () => {
  let store: ReturnType<typeof counting>;
  let url: string;
  beforeEach(async () => {
    store = counting(memorySessionStore());
    ({ url } = await serve(appWithPassport()));
  });
  afterEach(closeServers);

  function appWithPassport(): Express {
    const passport = new Passport();
    passport.use(TRUSTING as unknown as Strategy);
    passport.serializeUser((user, done) => done(null, Reflect.get(user, 'id')));
    passport.deserializeUser((id, done) => done(null, { id }));
    const app = express();
    app.set('env', 'test');
    app.use(session({ store, secret: SECRET }));
    app.use(passport.session());
    app.get('/theme', (req, res) => void res.send((req.session.theme = 'dark')));
    for (const keepSessionInfo of [false, true]) {
      const suffix = keepSessionInfo ? '-keep' : '';
      app.get(`/login${suffix}`, passport.authenticate('trusting', { keepSessionInfo }), (req, res) => {
        req.session.increment('visits');
        res.redirect('/me');
      });
      app.get(`/logout${suffix}`, (req, res, next) =>
        req.logout({ keepSessionInfo }, (error) => (error === undefined ? res.redirect('/me') : next(error))),
      );
    }
    app.get('/me', (req, res) => void res.json({ user: req.user ?? null, fields: req.session }));
    return app;
  }

  async function me(cookie: string): Promise<unknown> {
    return JSON.parse((await get(`${url}/me`, cookie)).body);
  }

  it('remembers who has logged in, under a new id, and forgets what was there before', async () => {
    const before = cookieIn(await get(`${url}/theme`));
    const login = await get(`${url}/login?user=ada`, before);
    const after = cookieIn(login);
    assert.deepEqual([login.status, login.headers.location], [302, '/me']);
    assert.notEqual(after, before);
    assert.deepEqual(await me(after), { user: { id: 'ada' }, fields: { passport: { user: 'ada' }, visits: 1 } });
    assert.deepEqual(await me(before), { user: null, fields: {} });
  });

  it('keeps the fields at a login with keepSessionInfo', async () => {
    const before = cookieIn(await get(`${url}/theme`));
    const after = cookieIn(await get(`${url}/login-keep?user=ada`, before));
    assert.deepEqual(await me(after), {
      user: { id: 'ada' },
      fields: { theme: 'dark', passport: { user: 'ada' }, visits: 1 },
    });
  });

  it('makes a session at the first login, and none for a login that fails', async () => {
    const cookie = cookieIn(await get(`${url}/login?user=ada`));
    assert.deepEqual(await me(cookie), { user: { id: 'ada' }, fields: { passport: { user: 'ada' }, visits: 1 } });
    const refused = await get(`${url}/login`);
    assert.deepEqual([refused.status, refused.headers['set-cookie']], [401, undefined]);
  });

  it('logs out: the old id is worth nothing, and the cookie ends where no field is left', async () => {
    const cookie = cookieIn(await get(`${url}/login?user=ada`));
    const logout = await get(`${url}/logout`, cookie);
    assert.equal(logout.status, 302);
    assert.match(logout.headers['set-cookie']![0]!, /^JSESSIONID=; Max-Age=0/);
    assert.deepEqual(await me(cookie), { user: null, fields: {} });
  });

  it('logs out with keepSessionInfo: the fields go on under a new id', async () => {
    const before = cookieIn(await get(`${url}/theme`));
    const cookie = cookieIn(await get(`${url}/login-keep?user=ada`, before));
    const after = cookieIn(await get(`${url}/logout-keep`, cookie));
    assert.notEqual(after, cookie);
    assert.deepEqual(await me(after), { user: null, fields: { theme: 'dark', passport: {}, visits: 1 } });
    assert.deepEqual(await me(cookie), { user: null, fields: {} });
  });

  it('lets both of two simultaneous logins with one old id succeed', async () => {
    const before = cookieIn(await get(`${url}/theme`));
    const logins = await Promise.all(['ada', 'eve'].map((user) => get(`${url}/login?user=${user}`, before)));
    assert.deepEqual(
      logins.map(({ status }) => status),
      [302, 302],
    );
    const cookies = logins.map((login) => cookieIn(login));
    assert.notEqual(cookies[0], cookies[1]);
    assert.deepEqual(
      (await Promise.all(cookies.map(me))).map((answer) => Reflect.get(answer as object, 'user')),
      [{ id: 'ada' }, { id: 'eve' }],
    );
  });

  it('answers with an error where the store fails a login, and nobody is logged in', async () => {
    const before = cookieIn(await get(`${url}/theme`));
    const { destroy } = store;
    store.destroy = () => Promise.reject(new Error('no'));
    const login = await get(`${url}/login?user=ada`, before);
    store.destroy = destroy;
    assert.deepEqual([login.status, login.headers['set-cookie']], [503, undefined]);
    assert.deepEqual(await me(before), { user: null, fields: { theme: 'dark' } });
  });
});
