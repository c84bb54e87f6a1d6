import assert from 'node:assert/strict';
import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { encrypted, memorySessionStore, type SessionStore } from '@evenkeel/session-store';
import { HOUR, NOW, patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';
import { plainRedisStore, REDIS_URL, testRedis } from '../fixtures/redis.ts';

const KEY = Buffer.alloc(32, 1);
const OLD_KEY = Buffer.alloc(32, 2);
const keys = [KEY];

describeSessionStore('encrypted(memorySessionStore())', () => {
  const inner = memorySessionStore();
  return { store: encrypted(inner, { keys }), other: encrypted(inner, { keys }), close() {} };
});

describeSessionStore(`encrypted(redisSessionStore()), ${new URL(REDIS_URL).protocol}`, () => {
  const redis = testRedis();
  const options = { prefix: redis.prefix, deadlineMs: 5_000 };
  return {
    store: encrypted(plainRedisStore(redis.connect(), options), { keys }),
    other: encrypted(plainRedisStore(redis.connect(), options), { keys }),
    close: () => redis.close(),
  };
});

describe('encrypted', () => {
  let inner: SessionStore;
  let store: SessionStore;
  beforeEach(() => {
    inner = memorySessionStore();
    store = encrypted(inner, { keys });
  });

  async function stored(fields: Record<string, string>, principal?: string): Promise<string> {
    const id = newSessionId();
    await store.commit(id, patchOf({ set: new Map(Object.entries(fields)), principal }), NOW);
    return id;
  }

  /** Puts a text into the store behind the encryption's back. */
  async function plant(id: string, field: string, text: string): Promise<void> {
    await inner.commit(id, patchOf({ mode: 'update', set: new Map([[field, text]]) }), NOW);
  }

  async function ciphertext(id: string, field: string): Promise<string> {
    return (await inner.load(id, NOW))!.fields.get(field)!;
  }

  it('lets no value through to the store, and writes equal values differently', async () => {
    const id = await stored({ a: '"secret"', b: '"secret"', n: '41' });
    await store.commit(id, patchOf({ mode: 'update', add: new Map([['n', 1]]) }), NOW);
    const texts = [...(await inner.load(id, NOW))!.fields.values()];
    assert.ok(texts.every((text) => /^\$[\w-]{39,}$/.test(text)));
    assert.ok(texts.every((text) => !Buffer.from(text.slice(2), 'base64url').includes('secret')));
    assert.equal(new Set(texts).size, 3);
    assert.deepEqual(Object.fromEntries((await store.load(id, NOW))!.fields), {
      a: '"secret"',
      b: '"secret"',
      n: '42',
    });
  });

  it('takes a new nonce for each value', async () => {
    const id = await stored({ a: '1' });
    const nonces = new Set<string>();
    for (let i = 0; i < 100; i++) {
      nonces.add((await ciphertext(id, 'a')).slice(2, 18));
      await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '1']]) }), NOW);
    }
    assert.equal(nonces.size, 100);
  });

  it('keeps values in the form that is written down, under a key of each session', async () => {
    const id = await stored({ 'a.b': '"\u00e4"' });
    const digest = createHash('sha256').update(id).digest('base64url').slice(0, 22);
    const key = createHmac('sha256', KEY).update(`evenkeel fields of ${digest}`).digest();
    const sealed = Buffer.from((await ciphertext(id, 'a.b')).slice(2), 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(`${digest}.a.b`)).setAuthTag(sealed.subarray(-16));
    assert.equal(decipher.update(sealed.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8'), '"\u00e4"');
  });

  it('refuses a value of which any character was changed', async () => {
    const id = await stored({ a: '"x"' });
    const good = await ciphertext(id, 'a');
    for (let i = 0; i < good.length; i++) {
      for (const other of [good[i] === 'A' ? 'B' : 'A', '!', '']) {
        await plant(id, 'a', good.slice(0, i) + other + good.slice(i + 1));
        await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT' }, `for ${other} at ${i}`);
      }
    }
  });

  it('refuses another spelling of the same bytes', async () => {
    const id = await stored({ a: '"xy"' });
    const good = await ciphertext(id, 'a');
    for (const same of [`${good}=`, `${good} `, `${good.slice(0, 9)}\n${good.slice(9)}`]) {
      await plant(id, 'a', same);
      await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT' });
    }
  });

  it('refuses a value that was cut, or moved to another field or another session', async () => {
    const [id, other] = [await stored({ role: '"user"', name: '"admin"' }), await stored({ role: '"admin"' })];
    const good = await ciphertext(id, 'role');
    const foreign = await ciphertext(other, 'role');
    for (const text of [await ciphertext(id, 'name'), foreign, good.slice(0, -1), good.slice(0, 30), '$', '$A', '']) {
      await plant(id, 'role', text);
      await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT' }, text);
    }
    await plant(id, 'role', good);
    assert.equal((await store.load(id, NOW))?.fields.get('role'), '"user"');
  });

  it('refuses values that are not encrypted, unless told to take them', async () => {
    const id = await stored({ a: '1' });
    await plant(id, 'b', '{"old":true}');
    await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT', message: /`allowPlaintext` is off/ });
    const migrating = encrypted(inner, { keys, allowPlaintext: true });
    assert.equal((await migrating.load(id, NOW))?.fields.get('b'), '{"old":true}');
    await migrating.commit(id, patchOf({ mode: 'update', set: new Map([['b', '{"new":true}']]) }), NOW);
    assert.equal((await store.load(id, NOW))?.fields.get('b'), '{"new":true}');
  });

  it('adds to an integer that is not encrypted yet', async () => {
    const id = await stored({});
    await plant(id, 'n', '41');
    const migrating = encrypted(inner, { keys, allowPlaintext: true });
    const receipt = await migrating.commit(id, patchOf({ mode: 'update', add: new Map([['n', 1]]) }), NOW);
    assert.equal(receipt?.sums.get('n'), '42');
    assert.equal((await store.load(id, NOW))?.fields.get('n'), '42');
  });

  it('reads with all keys and writes with the first', async () => {
    const old = encrypted(inner, { keys: [OLD_KEY] });
    const both = encrypted(inner, { keys: [KEY.toString('base64'), OLD_KEY.toString('base64url')] });
    const id = newSessionId();
    await old.commit(id, patchOf({ set: new Map([['a', '1']]) }), NOW);
    assert.equal((await both.load(id, NOW))?.fields.get('a'), '1');
    await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT' });
    await both.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW);
    assert.equal((await store.load(id, NOW))?.fields.get('a'), '2');
    await assert.rejects(old.load(id, NOW), { code: 'SESSION_CORRUPT' });
  });

  it('tells keys apart that have the same name', async () => {
    // A name is one of 64: among 65 keys there are two of the same.
    const byName = new Map<string, Buffer>();
    for (let i = 0; i < 65; i++) {
      const key = Buffer.alloc(32, i);
      const id = newSessionId();
      await encrypted(inner, { keys: [key] }).commit(id, patchOf({ set: new Map([['a', '1']]) }), NOW);
      const name = (await ciphertext(id, 'a')).charAt(1);
      const namesake = byName.get(name);
      if (namesake !== undefined) {
        assert.equal((await encrypted(inner, { keys: [namesake, key] }).load(id, NOW))?.fields.get('a'), '1');
        return;
      }
      byName.set(name, key);
    }
    assert.fail('no two keys have the same name');
  });

  it('decrypts what is retired, listed, peeked at and destroyed', async () => {
    const id = await stored({ a: '"x"' }, 'ada');
    const fields = new Map([['a', '"x"']]);
    const [listed] = await store.list('ada', NOW);
    assert.deepEqual(listed?.record.fields, fields);
    assert.deepEqual(store.peek?.(id, NOW)?.fields, fields);
    assert.equal(store.peek?.(newSessionId(), NOW), undefined);
    assert.deepEqual((await store.retire(id, NOW + HOUR, NOW))?.fields, fields);
    assert.deepEqual((await store.destroy(id, NOW))?.fields, fields);
  });

  it('has a peek only over a store that has one', () => {
    const { peek: _, ...blind } = Object.fromEntries(
      ['load', 'commit', 'touch', 'destroy', 'retire', 'list', 'end', 'revoke'].map((name) => [
        name,
        Reflect.get(inner, name),
      ]),
    );
    assert.equal('peek' in encrypted(blind as never, { keys }), false);
  });

  it('names the digest and the field in its errors, and neither id nor value', async () => {
    const id = await stored({ a: '"hidden"' });
    await plant(id, 'a', '"hidden"');
    await assert.rejects(store.load(id, NOW), ({ message }: Error) => {
      assert.match(message, /^The field "a" of [\w-]{22} is not a session of this library/);
      return !message.includes(id) && !message.includes('hidden');
    });
  });

  const badKeys: [what: string, keys: unknown, message: RegExp][] = [
    ['one key that is not in a list', KEY.toString('base64'), /encrypted: `keys` must be a list of 1 to 16 keys$/],
    ['no key', [], /encrypted: `keys` must be a list of 1 to 16 keys$/],
    ['17 keys', Array.from({ length: 17 }, () => KEY), /encrypted: `keys` must be a list of 1 to 16 keys$/],
    ['a key of 31 bytes', [KEY, KEY.subarray(1)], /encrypted: `keys\[1\]` must be 32 bytes, as a Buffer or in base64$/],
    [
      'a key in hexadecimal',
      [KEY.toString('hex')],
      /encrypted: `keys\[0\]` must be 32 bytes, as a Buffer or in base64$/,
    ],
    ['a number', [7], /`keys\[0\]` must be 32 bytes/],
  ];
  for (const [what, wrong, message] of badKeys) {
    it(`refuses ${what}, and does not quote it`, () => {
      assert.throws(() => encrypted(inner, { keys: wrong as never }), { code: 'INVALID_OPTIONS', message });
    });
  }

  it('refuses options that it does not know', () => {
    assert.throws(() => encrypted(inner, { keys, algorithm: 'rot13' } as never), {
      code: 'INVALID_OPTIONS',
      message: 'encrypted: `algorithm` is not a known option',
    });
  });
});
