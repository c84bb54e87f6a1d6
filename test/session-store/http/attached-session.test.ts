import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createSessions, memorySessionStore, readScope } from '@evenkeel/session-store';
import type { SessionOptions, Sessions, SessionStore } from '@evenkeel/session-store';
import { type AttachedHandler, type AttachedHolder, attaching } from '../fixtures/attaching.ts';
import { counting, type CountingStore } from '../fixtures/counting-store.ts';
import '../fixtures/fields.ts';
import { closeServers, cookieIn, get, serve } from '../fixtures/serve.ts';

const SECRET = 'a secret of the tests';
const TOUCH_INTERVAL_MS = 60_000;

describe('attach() of createSessions()', () => {
  let counted: CountingStore;
  /** Knows sessions without asking, as a near cache does. */
  let store: SessionStore;
  let clock: { at: number; now(): number };
  let failures: unknown[];
  /** Whether each request could be answered without a promise. */
  let isAtOnce: boolean[];

  beforeEach(() => {
    const inner = memorySessionStore();
    counted = counting(inner);
    store = { ...counted, peek: (...parameters) => inner.peek!(...parameters) };
    clock = { at: 1_000_000, now: () => clock.at };
    failures = [];
    isAtOnce = [];
  });
  afterEach(closeServers);

  function sessionsOf(options: Partial<SessionOptions> = {}): Sessions {
    return createSessions({ store, secret: SECRET, clock, ...options });
  }

  async function serveWith(sessions: Sessions, handler: AttachedHandler): Promise<string> {
    return (await serve(attaching(sessions, handler, { failures, isAtOnce }))).url;
  }

  /** A session that is stored, as a `Cookie` field. */
  async function loggedIn(sessions: Sessions): Promise<string> {
    const received = await get(
      await serveWith(sessions, ({ session }, res) => {
        session!.user = 'ada';
        res.end();
      }),
    );
    isAtOnce = [];
    return cookieIn(received);
  }

  it('leaves the response alone until somebody reads the session', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const url = await serveWith(sessions, (holder, res) => {
      assert.deepEqual([Object.hasOwn(holder, 'session'), Object.keys(holder)], [true, ['secure', 'session']]);
      assert.deepEqual([readScope(holder), Object.hasOwn(res, 'end')], [undefined, false]);
      assert.equal(holder.session!.user, 'ada');
      assert.deepEqual([readScope(holder)?.session, Object.hasOwn(res, 'end')], [holder.session, true]);
      res.end('fine');
    });
    assert.equal((await get(url, cookie)).body, 'fine');
  });

  it('needs no promise and no command where the store knows the session, or there is no cookie', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const url = await serveWith(sessions, ({ session }, res) => void res.end(session!.user ?? 'nobody'));
    assert.deepEqual([(await get(url, cookie)).body, (await get(url)).body], ['ada', 'nobody']);
    assert.deepEqual(isAtOnce, [true, true]);
    assert.deepEqual([counted.calls.load, counted.calls.touch, counted.calls.commit], [0, 0, 1]);
  });

  it('asks a store that does not know, and not one that knows that there is nothing', async () => {
    const cookie = await loggedIn(sessionsOf());
    const answers: AttachedHandler = ({ session }, res) => void res.end(session!.user ?? 'nobody');
    const ignorant = await serveWith(sessionsOf({ store: { ...store, peek: () => null } }), answers);
    const sure = await serveWith(sessionsOf({ store: { ...store, peek: () => undefined } }), answers);
    const unable = await serveWith(sessionsOf({ store: counted }), answers);
    const bodies = [];
    for (const url of [ignorant, sure, unable]) bodies.push((await get(url, cookie)).body);
    assert.deepEqual(bodies, ['ada', 'nobody', 'ada']);
    assert.deepEqual([isAtOnce, counted.calls.load], [[false, true, false], 2]);
  });

  it('tries the next cookie where the first one is stale', async () => {
    const sessions = sessionsOf();
    const stale = await loggedIn(sessions);
    const cookie = await loggedIn(sessions);
    const scope = await sessions.open({ cookieHeader: stale, isSecure: false });
    await scope.session.destroy();
    const url = await serveWith(sessions, ({ session }, res) => void res.end(session!.user ?? 'nobody'));
    assert.deepEqual([(await get(url, `${stale}; ${cookie}`)).body, isAtOnce], ['ada', [true]]);
  });

  describe('asks the store itself', () => {
    let asked: unknown[];
    beforeEach(() => {
      asked = [];
      const { load } = store;
      store.load = (...parameters) => {
        asked.push(parameters[2]);
        return load(...parameters);
      };
    });
    const answer: AttachedHandler = ({ session }, res) => void res.end(session!.user ?? 'nobody');

    it('for a session that another instance has had, and issues the cookie anew though nobody reads the session', async () => {
      const cookie = await loggedIn(sessionsOf({ route: 'one' }));
      const url = await serveWith(sessionsOf({ route: 'two' }), (_, res) => void res.end());
      const received = await get(url, cookie);
      assert.deepEqual([asked, isAtOnce], [['strong'], [false]]);
      assert.match(cookieIn(received), /\.two$/);
      assert.equal(cookieIn(received).split('.')[0], cookie.split('.')[0]);
    });

    it('where the option says so', async () => {
      const cookie = await loggedIn(sessionsOf());
      assert.equal((await get(await serveWith(sessionsOf({ consistency: 'strong' }), answer), cookie)).body, 'ada');
      assert.deepEqual(asked, ['strong']);
    });

    it('where a function says so of the request', async () => {
      const sessions = sessionsOf({ consistency: ({ url }) => (url === '/pay' ? 'strong' : 'bounded') });
      const cookie = await loggedIn(sessions);
      const url = await serveWith(sessions, answer);
      await get(`${url}/read`, cookie);
      await get(`${url}/pay`, cookie);
      assert.deepEqual([asked, isAtOnce], [['strong'], [true, false]]);
    });
  });

  it('sends a touch that is due, once, and nobody waits for it', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const touching = Promise.withResolvers<boolean>();
    store.touch = (...parameters) => counted.touch(...parameters).then(() => touching.promise);
    const handlers: AttachedHandler[] = [(_, res) => res.end('fine'), ({ session }, res) => res.end(session!.user)];
    for (const handler of handlers) {
      const url = await serveWith(sessions, handler);
      clock.at += TOUCH_INTERVAL_MS;
      assert.equal((await get(url, cookie)).status, 200);
      assert.equal((await get(url, cookie)).status, 200);
    }
    assert.equal(counted.calls.touch, 2);
    touching.resolve(true);
  });

  it('takes no notice of a touch that fails', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    store.touch = () => Promise.reject(new Error('no'));
    clock.at += TOUCH_INTERVAL_MS;
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const url = await serveWith(sessions, ({ session }, res) => void res.end(session!.user));
      assert.deepEqual([(await get(url, cookie)).body, failures, unhandled], ['ada', [], []]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('rolls a cookie on though nobody reads the session', async () => {
    const sessions = sessionsOf({ cookie: { persistent: true, rolling: true } });
    const cookie = await loggedIn(sessions);
    const url = await serveWith(sessions, (_, res) => void res.end());
    const issued = [];
    for (let i = 0; i < 7; i++) {
      clock.at += 10 * TOUCH_INTERVAL_MS;
      issued.push(cookieIn(await get(url, cookie)));
    }
    assert.deepEqual(issued.filter((value) => value !== '').length, 2);
    assert.deepEqual(new Set(issued), new Set(['', cookie]));
  });

  describe('when null is assigned to the session', () => {
    const logOut: AttachedHandler = (holder, res) => {
      holder.session = null;
      res.end('bye');
    };

    it('ends it before the response leaves', async () => {
      const sessions = sessionsOf();
      const cookie = await loggedIn(sessions);
      const received = await get(await serveWith(sessions, logOut), cookie);
      assert.match(received.headers['set-cookie']![0]!, /^JSESSIONID=; Max-Age=0/);
      assert.deepEqual([counted.calls.destroy, counted.calls.commit], [1, 1]);
      const again = await sessions.open({ cookieHeader: cookie, isSecure: false });
      assert.equal(again.session.isNew, true);
    });

    it('lets the response fail where the store does', async () => {
      const sessions = sessionsOf();
      const cookie = await loggedIn(sessions);
      store.destroy = () => Promise.reject(new Error('no'));
      const received = await get(await serveWith(sessions, logOut), cookie);
      assert.deepEqual([received.status, failures.length], [503, 1]);
    });
  });

  it('does not let another value take the place of the session', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    for (const value of [{ user: 'eve' }, undefined, 'text']) {
      const url = await serveWith(sessions, (holder, res) => {
        assert.throws(() => Object.assign(holder, { session: value }), { code: 'SESSION_FIELD' });
        res.end(holder.session!.user);
      });
      assert.equal((await get(url, cookie)).body, 'ada');
    }
  });

  it('gives the session that has taken the place of the one before', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const url = await serveWith(sessions, (holder, res) => {
      const before = holder.session!;
      before.regenerate(() => {
        const after = holder.session!;
        res.end(`${before === after} ${before.user} ${after.user}`);
      });
    });
    assert.equal((await get(url, cookie)).body, 'false ada undefined');
  });

  it('can be read through an object that inherits from the request', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const url = await serveWith(sessions, (holder, res) => {
      const { session } = Object.create(holder) as AttachedHolder;
      res.end(`${session!.user} ${session === holder.session}`);
    });
    assert.equal((await get(url, cookie)).body, 'ada true');
  });

  it('stores what is changed by who reads the session only when the head has left', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const url = await serveWith(sessions, (holder, res) => {
      res.write('a');
      holder.session!.note = 'late';
      res.end('b');
    });
    assert.equal((await get(url, cookie)).body, 'ab');
    const { session } = await sessions.open({ cookieHeader: cookie, isSecure: false });
    assert.equal(session.note, 'late');
    // A client without a session can be given none any more, so nothing is stored for it.
    const { commit } = counted.calls;
    assert.equal((await get(url)).body, 'ab');
    assert.equal(counted.calls.commit, commit);
  });

  it('holds a response whose session is read first between the parts of its body', async () => {
    const sessions = sessionsOf();
    const cookie = await loggedIn(sessions);
    const stored = Promise.withResolvers<void>();
    const { commit } = store;
    store.commit = async (...parameters) => {
      await stored.promise;
      return commit(...parameters);
    };
    const url = await serveWith(sessions, (holder, res) => {
      res.write('a');
      holder.session!.note = 'late';
      res.end('b');
    });
    const [incoming] = await once(request(url, { agent: false, headers: { cookie } }).end(), 'response');
    await once(incoming, 'data');
    assert.equal(incoming.complete, false);
    stored.resolve();
    incoming.resume();
    await once(incoming, 'end');
  });

  it('rejects, or throws, what the store does', async () => {
    const cookie = await loggedIn(sessionsOf());
    const broken = (): never => {
      throw new Error('no');
    };
    const req = { headers: { cookie } } as IncomingMessage;
    const away = sessionsOf({ store: { ...counted, load: () => Promise.reject(new Error('no')) } });
    await assert.rejects(away.attach({ secure: false }, req, {} as ServerResponse, broken)!, { code: 'SESSION_STORE' });
    const wrong = sessionsOf({ store: { ...store, peek: broken } });
    assert.throws(() => wrong.attach({ secure: false }, req, {} as ServerResponse, broken), { code: 'SESSION_STORE' });
  });

  it('lists the sessions of a principal', async () => {
    const sessions = sessionsOf();
    const url = await serveWith(sessions, async ({ session }, res) => {
      await session!.login('ada');
      res.end();
    });
    await get(url);
    await get(url);
    assert.deepEqual([(await sessions.of('ada')).length, await sessions.of('bob')], [2, []]);
  });
});
