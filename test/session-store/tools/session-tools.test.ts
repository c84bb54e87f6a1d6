import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { joinRoute, newSessionId, sessionIdSigner } from '@evenkeel/core/session-cookie';
import {
  describeSession,
  encrypted,
  endSession,
  inspectSession,
  listSessions,
  memorySessionStore,
  type SessionStore,
} from '@evenkeel/session-store';
import { encodeValue } from '../../../packages/session-store/src/fields/codec.ts';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { HOUR, NOW, patchOf } from '../../conformance/session-store-model.ts';

describe('the tools for sessions', () => {
  let store: SessionStore;
  let id: string;
  beforeEach(async () => {
    store = memorySessionStore();
    id = newSessionId();
    const set = new Map(Object.entries({ user: '"ada"', visits: '3' }));
    await store.commit(id, patchOf({ set, principal: 'ada' }), NOW);
  });

  it('find a session by its id or by any form of its cookie', async () => {
    const token = sessionIdSigner(['a secret of the cookies']).sign(id);
    const forms = [id, token, joinRoute(token, 'node-1'), `JSESSIONID=${joinRoute(token, 'n1')}`, ` ${token}\n`];
    for (const form of forms) {
      const session = await inspectSession(store, form, NOW);
      assert.equal(session?.key, sessionKey(id), form);
      assert.equal(session.record.fields.get('user'), '"ada"');
    }
  });

  it('find a session by a cookie in the form of express-session', async () => {
    const theirs = 'Xa1-_bcdefghijklmnopqrstuvwxyz01';
    await store.commit(theirs, patchOf(), NOW);
    const value = `s:${theirs}.aVeryLongSignature+with/base64`;
    for (const form of [value, encodeURIComponent(value), `connect.sid=${encodeURIComponent(value)}`, theirs]) {
      assert.equal((await inspectSession(store, form, NOW))?.key, sessionKey(theirs), form);
    }
  });

  it('find nothing under an id that was never stored, and do not stumble over what is no cookie', async () => {
    for (const form of ['', '=', '%', '%E0%A4%A', 's:', 's:.', '.', 'a'.repeat(100_000), newSessionId()])
      assert.equal(await inspectSession(store, form, NOW), undefined);
  });

  it('list what a principal can use', async () => {
    const [session, ...rest] = await listSessions(store, 'ada', NOW);
    assert.deepEqual([session?.key, rest], [sessionKey(id), []]);
    assert.deepEqual(await listSessions(store, 'eve', NOW), []);
  });

  it('end a session by its key or its cookie, and tell whoever listens', async () => {
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe('evenkeel:session:destroyed', listen);
    try {
      assert.equal(await endSession(store, sessionKey(id), NOW), true);
      assert.equal(await endSession(store, sessionKey(id), NOW), false);
    } finally {
      unsubscribe('evenkeel:session:destroyed', listen);
    }
    assert.deepEqual(heard, [{ key: sessionKey(id), principal: undefined, version: undefined }]);
    const another = newSessionId();
    await store.commit(another, patchOf(), NOW);
    assert.equal(await endSession(store, `JSESSIONID=${another}`, NOW), true);
    assert.equal(await store.load(another, NOW), undefined);
  });

  it('fail with SESSION_STORE where the store fails', async () => {
    const broken = { ...store, load: () => Promise.reject(new Error('broken')) } as SessionStore;
    await assert.rejects(inspectSession(broken, id, NOW), { code: 'SESSION_STORE', message: /broken/ });
  });

  it('describe a session without its values', async () => {
    const [session] = await listSessions(store, 'ada', NOW);
    assert.deepEqual(describeSession(session!), {
      key: sessionKey(id),
      principal: 'ada',
      version: 1,
      createdAt: new Date(NOW).toISOString(),
      lastUsedAt: new Date(NOW).toISOString(),
      expiresAt: new Date(NOW + HOUR).toISOString(),
      isRetired: false,
      fields: { user: '<text, 5 characters>', visits: '<number, 1 characters>' },
    });
  });

  it('describe values of every kind, and show them only when asked to', async () => {
    const texts = {
      text: '"secret"',
      object: '{"a":"secret"}',
      list: '["secret"]',
      number: '-1.5',
      yes: 'true',
      nothing: 'null',
      date: encodeValue('f', new Date(5)),
      broken: '{"secret',
      empty: '',
    };
    const record = { ...(await listSessions(store, 'ada', NOW))[0]!.record, fields: new Map(Object.entries(texts)) };
    const described = describeSession({ key: 'k', record });
    assert.ok(!JSON.stringify(described).includes('secret'));
    assert.deepEqual(Object.values(described.fields), [
      '<text, 8 characters>',
      '<object, 14 characters>',
      '<list, 10 characters>',
      '<number, 4 characters>',
      '<boolean, 4 characters>',
      '<null, 4 characters>',
      '<value beyond JSON, 12 characters>',
      '<object, 8 characters>',
      '<unknown, 0 characters>',
    ]);
    assert.deepEqual(Object.values(describeSession({ key: 'k', record }, true).fields), [
      'secret',
      { a: 'secret' },
      ['secret'],
      -1.5,
      true,
      null,
      { '~date': 5 },
      '<unreadable, 8 characters>',
      '<unreadable, 0 characters>',
    ]);
  });

  it('show neither an encrypted value nor a time that is none', async () => {
    await encrypted(store, { keys: [Buffer.alloc(32)] }).commit('x', patchOf({ set: new Map([['a', '1']]) }), NOW);
    const { key, record } = (await inspectSession(store, 'x', NOW))!;
    const described = describeSession({ key, record: { ...record, createdAt: Number.MAX_SAFE_INTEGER } }, true);
    assert.deepEqual(described.fields, { a: '<encrypted, 41 characters>' });
    assert.equal(described.createdAt, '<9007199254740991 ms>');
  });
});
