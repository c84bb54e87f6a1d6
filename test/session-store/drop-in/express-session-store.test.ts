import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { promisify } from 'node:util';
import { type ManualClock, manualClock } from '@evenkeel/core/testing';
import { memorySessionStore, sessionChannels } from '@evenkeel/session-store';
import { type DocumentStoreMethods, expressSessionStore } from '@evenkeel/session-store/express-session';
import session from 'express-session';
import { encodeValue } from '../../../packages/session-store/src/fields/codec.ts';
import { counting, type CountingStore } from '../fixtures/counting-store.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Cookie {
  originalMaxAge?: number | null;
  expires?: string | null;
  path?: string;
}

type Document = Record<string, unknown> & { cookie?: Cookie };

describe('expressSessionStore', () => {
  let clock: ManualClock;
  let store: CountingStore;
  let dropIn: DocumentStoreMethods;

  beforeEach(() => {
    clock = manualClock(1_800_000_000_000);
    store = counting(memorySessionStore());
    dropIn = expressSessionStore(session, { store, clock });
  });

  const get = (id: string): Promise<Document | undefined> =>
    promisify((done: (error: unknown, found?: never) => void) => dropIn.get(id, done))();
  const set = (id: string, document: Document): Promise<void> =>
    promisify((done: (error: unknown) => void) => dropIn.set(id, document, done))();
  const touch = (id: string, document: Document): Promise<void> =>
    promisify((done: (error: unknown) => void) => dropIn.touch(id, document, done))();
  const destroy = (id: string): Promise<void> =>
    promisify((done: (error: unknown) => void) => dropIn.destroy(id, done))();

  /** The cookie of a session that lives for so long, as it is now. */
  const cookieFor = (maxAge: number): Cookie => ({
    originalMaxAge: maxAge,
    expires: new Date(clock.now() + maxAge).toISOString(),
    path: '/',
  });

  it('is a store to express-session, and an emitter', () => {
    const mine = expressSessionStore(session, { store });
    ok(mine instanceof session.Store);
    equal(typeof mine.on, 'function');
  });

  it('refuses options that it does not know, and stores that are none', () => {
    throws(() => expressSessionStore(session, { store, ttl: 1 } as never), /expressSessionStore: .*`ttl`/);
    throws(() => expressSessionStore(session, { store: {} } as never), /`store` must be a session store/);
    throws(() => expressSessionStore(session, { store, ttlMs: 10 }), /`ttlMs`/);
  });

  it('hands over the cookie as it was stored', async () => {
    const cookie = { ...cookieFor(30 * MINUTE), httpOnly: false, sameSite: 'strict' };
    await set('id', { cookie, user: 'ann' });
    deepEqual(fieldsIn(await get('id')), { cookie, user: 'ann' });
    await set('other', { cookie: { originalMaxAge: null, expires: null } });
    deepEqual(fieldsIn(await get('other')), { cookie: { originalMaxAge: null, expires: null } });
  });

  it('ends a session with its cookie: never earlier, and a hundredth of its time later at most', async () => {
    await set('id', { cookie: cookieFor(10 * MINUTE) });
    clock.advance(10 * MINUTE);
    ok(await get('id'));
    clock.advance(6 * SECOND);
    equal(await get('id'), undefined);
  });

  it('ends a session without a maximum age when it was not used for a day', async () => {
    await set('id', { cookie: { originalMaxAge: null } });
    clock.advance(86_400_000);
    const document = await get('id');
    ok(document);
    await touch('id', document);
    clock.advance(86_400_000);
    ok(await get('id'));
    clock.advance(MINUTE);
    equal(await get('id'), undefined);
  });

  it('ends a session at once whose cookie is over', async () => {
    await set('id', { cookie: cookieFor(MINUTE) });
    await set('id', withCookie(await get('id'), cookieFor(-MINUTE)));
    equal(await get('id'), undefined);
  });

  it('touches a session once per hundredth of its time, however often it is read', async () => {
    await set('id', { cookie: cookieFor(10 * MINUTE), user: 'ann' });
    for (let second = 0; second < 60; second++) {
      clock.advance(SECOND);
      await touch('id', withCookie(await get('id'), cookieFor(10 * MINUTE)));
    }
    deepEqual([store.calls.touch, store.calls.commit], [10, 1]);
    clock.advance(10 * MINUTE);
    ok(await get('id'));
  });

  it('touches a session with each use where that is wanted', async () => {
    dropIn = expressSessionStore(session, { store, clock, maxTouchIntervalMs: 0 });
    await set('id', { cookie: cookieFor(10 * MINUTE) });
    for (let use = 0; use < 3; use++) {
      clock.advance(1);
      await touch('id', withCookie(await get('id'), cookieFor(10 * MINUTE)));
    }
    equal(store.calls.touch, 3);
    deepEqual(fieldsIn(await get('id'))?.cookie, cookieFor(10 * MINUTE));
    clock.advance(10 * MINUTE);
    equal(await get('id'), undefined);
  });

  it('writes nothing for a session that is stored again as it was', async () => {
    await set('id', { cookie: cookieFor(10 * MINUTE), user: 'ann' });
    for (let second = 0; second < 5; second++) {
      clock.advance(SECOND);
      await set('id', withCookie(await get('id'), cookieFor(10 * MINUTE)));
    }
    deepEqual([store.calls.touch, store.calls.commit], [0, 1]);
  });

  it('does not take a tick of the clock for another maximum age', async () => {
    await set('id', { cookie: cookieFor(10 * MINUTE), user: 'ann' });
    clock.advance(MINUTE);
    await touch('id', withCookie(await get('id'), { ...cookieFor(10 * MINUTE), originalMaxAge: 10 * MINUTE - 1 }));
    equal(store.calls.commit, 1);
    deepEqual(fieldsIn(await get('id'))?.cookie, cookieFor(10 * MINUTE));
  });

  it('stores another maximum age, though nothing else has changed', async () => {
    await set('id', { cookie: cookieFor(MINUTE), user: 'ann' });
    await touch('id', withCookie(await get('id'), cookieFor(100 * MINUTE)));
    deepEqual(fieldsIn(await get('id'))?.cookie, cookieFor(100 * MINUTE));
    clock.advance(99 * MINUTE);
    equal((await get('id'))?.['user'], 'ann');
  });

  it('makes no session by touching one that is not there', async () => {
    await touch('id', { cookie: cookieFor(MINUTE) });
    equal(await get('id'), undefined);
    await set('id', { cookie: cookieFor(MINUTE) });
    const document = (await get('id'))!;
    await destroy('id');
    clock.advance(30 * SECOND);
    await touch('id', document);
    equal(await get('id'), undefined);
  });

  it('stores a document that it did not hand out as a whole', async () => {
    await set('id', { cookie: cookieFor(MINUTE), a: 1, b: 2 });
    await set('id', { cookie: cookieFor(MINUTE), b: 3 });
    deepEqual(fieldsIn(await get('id')), { cookie: cookieFor(MINUTE), b: 3 });
  });

  it('knows a copy of a document for what it is', async () => {
    await set('id', { cookie: cookieFor(MINUTE), a: 1 });
    const copy = { ...(await get('id')), b: 2 };
    await set('id', { ...(await get('id')), c: 3 });
    await set('id', copy);
    deepEqual(fieldsIn(await get('id')), { cookie: cookieFor(MINUTE), a: 1, b: 2, c: 3 });
    await destroy('id');
    await set('id', copy);
    equal(await get('id'), undefined);
  });

  it('lets one request store as often as it likes', async () => {
    await set('id', { cookie: cookieFor(MINUTE), a: 1 });
    const mine = (await get('id'))!;
    for (let i = 0; i < 3; i++) {
      mine['mine'] = i;
      await set('id', mine);
      await set('id', { ...(await get('id')), other: i });
    }
    deepEqual(fieldsIn(await get('id')), { cookie: cookieFor(MINUTE), a: 1, mine: 2, other: 2 });
  });

  it('reads what `session()` has stored and keeps it as it is until somebody changes it', async () => {
    const date = encodeValue('at', new Date(0));
    const big = encodeValue('big', 2n ** 70n);
    const now = clock.now();
    const fields = {
      set: new Map([
        ['at', date],
        ['big', big],
      ]),
      remove: [],
      add: new Map(),
    };
    await store.commit('id', { mode: 'create', createdAt: now, expiresAt: now + MINUTE, ...fields }, now);
    const document = (await get('id'))!;
    deepEqual(fieldsIn(document), {
      cookie: { originalMaxAge: null },
      at: '1970-01-01T00:00:00.000Z',
      big: String(2n ** 70n),
    });
    await set('id', { ...document, user: 'ann' });
    const record = await store.load('id', now);
    deepEqual([record?.fields.get('at'), record?.fields.get('big'), record?.fields.get('user')], [date, big, '"ann"']);
  });

  it('tells the store whose session it is, so that all of them can be ended', async () => {
    const principalOf = (document: Document): string | undefined => document['user'] as string | undefined;
    dropIn = expressSessionStore(session, { store, clock, principalOf });
    for (const id of ['one', 'two']) await set(id, { cookie: cookieFor(MINUTE), user: 'ann' });
    await set('three', { cookie: cookieFor(MINUTE), user: 'bob' });
    equal((await store.list('ann', clock.now())).length, 2);
    await store.revoke('ann', clock.now());
    deepEqual([await get('one'), await get('two')], [undefined, undefined]);
    ok(await get('three'));
  });

  it('hands what cannot be stored to the callback', async () => {
    await rejects(set('id', { cookie: cookieFor(MINUTE), big: 1n }), TypeError);
    await rejects(set('id', { cookie: cookieFor(MINUTE), large: 'x'.repeat(2_000_000) }), { code: 'SESSION_FIELD' });
    await rejects(set('id', { cookie: cookieFor(MINUTE), deep: JSON.parse('{"__proto__":{"admin":true}}') }), {
      code: 'SESSION_FIELD',
    });
    equal(await get('id'), undefined);
  });

  it('tells the channels what happened, by the digest of the id', async () => {
    const heard: unknown[] = [];
    const listeners = (['created', 'committed', 'destroyed'] as const).map((name) => {
      const listener = (message: unknown): void => void heard.push([name, message]);
      sessionChannels[name].subscribe(listener);
      return () => sessionChannels[name].unsubscribe(listener);
    });
    await set('id', { cookie: cookieFor(MINUTE) });
    await set('id', { ...(await get('id')), a: 1 });
    await destroy('id');
    for (const unsubscribe of listeners) unsubscribe();
    match(JSON.stringify(heard), /^\[\["created",.*"version":1.*\["committed",.*"version":2.*\["destroyed"/);
    ok(!JSON.stringify(heard).includes('"id"'));
  });
});

function fieldsIn(document: Document | undefined): Document | undefined {
  return document && (JSON.parse(JSON.stringify(document)) as Document);
}

/** As express-session does it: the session that was handed over, with another cookie. */
function withCookie(document: Document | undefined, cookie: Cookie): Document {
  ok(document);
  return Object.assign(document, { cookie });
}
