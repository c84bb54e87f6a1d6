/**
 * passport over `session()`, as it is used over express-session: `req.login` gives the session a new id, `req.logout` empties it, and a
 * request that is under way meanwhile neither undoes the one nor the other.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { session } from '@evenkeel/express';
import { memorySessionStore } from '@evenkeel/session-store';
import express from 'express';
import passport from 'passport';
import { Strategy } from 'passport-local';

passport.use(
  new Strategy((username, password, done) => {
    // Compare with a hash that was made for passwords, such as argon2, in an application of yours.
    done(null, password === 'correct horse' ? { id: username } : false);
  }),
);
passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
passport.deserializeUser((id, done) => done(null, { id }));

const app = express();
app.use(express.urlencoded());
app.use(session({ store: memorySessionStore(), secret: 'kept out of the code' }));
app.use(passport.session());
app.get('/', (req, res) => void res.json(req.user ?? null));
app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login-failed' }));
app.post('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))));

const server = app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
console.log(`listening on ${url}`);

if (process.argv.includes('--check')) {
  let cookie = '';
  const ask = async (path: string, fields?: Record<string, string>): Promise<unknown> => {
    const sent = fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) };
    const response = await fetch(url + path, { ...sent, headers: { cookie }, redirect: 'manual' });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    const text = await response.text();
    return response.status === 200 ? JSON.parse(text) : response.headers.get('location');
  };
  assert.equal(await ask('/login', { username: 'ada', password: 'guess' }), '/login-failed');
  assert.equal(await ask('/', undefined), null);
  assert.equal(await ask('/login', { username: 'ada', password: 'correct horse' }), '/');
  assert.deepEqual(await ask('/'), { id: 'ada' });
  assert.equal(await ask('/logout', {}), '/');
  assert.equal(await ask('/'), null);
  server.close();
}
