import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { newSessionId } from '@evenkeel/core/session-cookie';
import express from 'express';
import session from 'express-session';
import { sessionCookies, type SessionCookies } from '../../../packages/session-store/src/http/cookie.ts';
import { cookieFormat } from '../../../packages/session-store/src/http/cookie-format.ts';
import { closeServers, cookieIn, get, serve } from '../fixtures/serve.ts';

const SECRETS = ['a secret of the tests', 'an older secret of the tests'];

function expressCookies(secrets: readonly string[] = SECRETS, route?: string): SessionCookies {
  const attributes = {
    path: '/',
    sameSite: 'lax',
    secure: 'auto',
    httpOnly: true,
    partitioned: false,
    persistent: false,
    format: 'express-session',
  } as const;
  return sessionCookies({ name: 'connect.sid', secrets, route, attributes });
}

function serveExpressSession(secret: string | string[], genid?: () => string): ReturnType<typeof serve> {
  const app = express();
  const ids = genid === undefined ? {} : { genid };
  app.use(session({ secret, resave: false, saveUninitialized: true, ...ids }));
  app.use((req, res) => void res.json(req.sessionID));
  return serve(app);
}

describe('a cookie in the form of express-session', () => {
  afterEach(closeServers);

  it('is read as express-session issues it', async () => {
    const strange = ['apple', '%', 'a.b.c', 'x y;z', 'ümläut', 's:s:', '"quoted"'];
    for (const genid of [undefined, ...strange.map((id) => () => id)]) {
      const server = await serveExpressSession(SECRETS[0]!, genid);
      const answer = await get(server.url);
      const [found] = expressCookies().verified(cookieIn(answer));
      deepEqual(found, { id: JSON.parse(answer.body), isCurrent: true });
    }
  });

  it('is issued as express-session reads it', async () => {
    const app = express();
    const store = new session.MemoryStore();
    app.use(session({ secret: SECRETS[0]!, resave: false, saveUninitialized: false, store }));
    app.use((req, res) => void res.json(req.session));
    const server = await serve(app);
    const id = newSessionId();
    store.set(id, { cookie: { originalMaxAge: null }, user: 'ann' } as never);
    const cookie = expressCookies().issue(id, false, 0).split(';')[0]!;
    equal((JSON.parse((await get(server.url, cookie)).body) as { user: string }).user, 'ann');
  });

  it('wants one of an older secret sent anew, and refuses one of no secret', async () => {
    const server = await serveExpressSession(SECRETS[1]!);
    const cookie = cookieIn(await get(server.url));
    equal(expressCookies().verified(cookie)[0]?.isCurrent, false);
    deepEqual(expressCookies(['another secret altogether']).verified(cookie), []);
  });

  it('is refused in whatever way it is wrong', () => {
    const right = cookieFormat('express-session', SECRETS).sign('id');
    const mac = createHmac('sha256', SECRETS[0]!).update('').digest('base64').slice(0, 43);
    const wrong = [
      '',
      's:',
      's:.',
      `s:.${mac}`,
      right.slice(2),
      right.slice(0, -1),
      `${right}=`,
      `x${right}`,
      right.replace('id', 'ie'),
    ];
    for (const token of [...wrong, `${right.slice(0, -1)}\u{1F511}`]) {
      for (const value of [token, encodeURIComponent(token)]) {
        deepEqual(expressCookies().verified(`connect.sid=${value}`), [], value);
      }
    }
    deepEqual(expressCookies().verified('connect.sid=s%3A%E0%A4%A.x'), [], 'no percent encoding at all');
  });

  it('may carry a route behind it', () => {
    const cookies = expressCookies(SECRETS, 'here');
    const issued = cookies.issue('an-id', false, 0).split(';')[0]!;
    ok(issued.endsWith('.here'));
    deepEqual(cookies.verified(issued), [{ id: 'an-id', isCurrent: true }]);
    deepEqual(cookies.verified(issued.replace('.here', '.there')), [{ id: 'an-id', isCurrent: false }]);
    deepEqual(cookies.verified(issued.replace('.here', '')), [{ id: 'an-id', isCurrent: false }]);
    deepEqual(
      expressCookies().verified(issued),
      [{ id: 'an-id', isCurrent: true }],
      'any will do without one of our own',
    );
  });
});

describe('cookieFormat', () => {
  for (const name of ['evenkeel', 'express-session'] as const) {
    it(`tells right from wrong tokens the second time as it did the first (${name})`, () => {
      const format = cookieFormat(name, SECRETS);
      const older = cookieFormat(name, [SECRETS[1]!]);
      const id = newSessionId();
      const right = format.sign(id);
      const last = right.at(-2) === 'A' ? 'B' : 'A';
      const forged = right.slice(0, -2) + last + right.slice(-1);
      for (let round = 0; round < 3; round++) {
        deepEqual(format.verify(right), { id, isNewest: true });
        equal(format.verify(forged), undefined);
        deepEqual(format.verify(older.sign(id)), { id, isNewest: false });
      }
    });

    it(`remembers nothing that is wrong (${name})`, () => {
      const format = cookieFormat(name, SECRETS);
      const right = format.sign(newSessionId());
      const first = format.verify(right);
      for (let i = 0; i < 5_000; i++)
        format.verify(cookieFormat(name, ['somebody else entirely']).sign(newSessionId()));
      equal(format.verify(right), first, 'the very object that was remembered');
      for (let i = 0; i < 5_000; i++) format.verify(format.sign(newSessionId()));
      notEqual(format.verify(right), first, 'right ones make room for right ones');
    });
  }
});
