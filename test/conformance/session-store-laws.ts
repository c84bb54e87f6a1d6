/**
 * The laws of every session store, by name. `describeSessionStore` runs them.
 */
import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { CONDITION_LAWS } from './session-store-condition-laws.ts';
import { assertDoesWhatAMapWould, HOUR, NOW, patchOf, sorted, stored } from './session-store-model.ts';
import type { Law } from './session-store-model.ts';
import { PRINCIPAL_LAWS } from './session-store-principal-laws.ts';
import { RETIREMENT_LAWS } from './session-store-retirement-laws.ts';

export const SESSION_STORE_LAWS: Readonly<Record<string, Law>> = {
  'knows nothing of an id that was never stored': async ({ store }) => {
    const id = newSessionId();
    assert.equal(await store.load(id, NOW), undefined);
    assert.equal(await store.touch(id, NOW + HOUR, NOW), false);
    assert.equal(await store.destroy(id, NOW), undefined);
    assert.equal(await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '1']]) }), NOW), undefined);
    assert.equal(await store.load(id, NOW), undefined);
  },

  'keeps what was stored, for every process': async ({ store, other }) => {
    const id = newSessionId();
    const fields = new Map([
      ['user', '"ada"'],
      ['cart', '{"items":[1,2]}'],
    ]);
    const receipt = await store.commit(id, patchOf({ set: fields }), NOW);
    assert.deepEqual(receipt, { version: 1, sums: new Map(), conflicts: new Map() });
    const times = { createdAt: NOW, touchedAt: NOW, expiresAt: NOW + HOUR };
    const expected = { version: 1, ...times, principal: undefined, isRetired: false, fields };
    assert.deepEqual(await store.load(id, NOW), expected);
    assert.deepEqual(await other.load(id, NOW), expected);
  },

  'keeps names and values of any characters': async ({ store }) => {
    const id = newSessionId();
    const fields = new Map(
      ['#v', '.a', ' ', "'; --", '{}', '\u{1f600}', '0', 'length'].map((name) => [name, JSON.stringify(name)]),
    );
    await store.commit(id, patchOf({ set: fields }), NOW);
    assert.deepEqual(sorted((await store.load(id, NOW))?.fields), sorted(fields));
  },

  'keeps sessions apart': async ({ store }) => {
    const [one, two] = [newSessionId(), newSessionId()];
    await store.commit(one, patchOf({ set: new Map([['a', '1']]) }), NOW);
    await store.commit(two, patchOf({ set: new Map([['a', '2']]) }), NOW);
    await store.destroy(one, NOW);
    assert.deepEqual((await store.load(two, NOW))?.fields, new Map([['a', '2']]));
  },

  'merges commits that do not know of each other': async ({ store, other }) => {
    const id = await stored(store, { a: '1', b: '1', c: '1' });
    await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW);
    await other.commit(id, patchOf({ mode: 'update', set: new Map([['d', '2']]), remove: ['b', 'never'] }), NOW);
    assert.deepEqual(
      sorted((await store.load(id, NOW))?.fields),
      sorted(
        new Map([
          ['a', '2'],
          ['c', '1'],
          ['d', '2'],
        ]),
      ),
    );
  },

  'lets the later of two commits of one field win': async ({ store, other }) => {
    const id = await stored(store, { a: '1' });
    await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW);
    await other.commit(id, patchOf({ mode: 'update', set: new Map([['a', '3']]) }), NOW);
    assert.deepEqual((await store.load(id, NOW))?.fields, new Map([['a', '3']]));
  },

  'loses none of 400 concurrent commits of different fields': async ({ store, other }) => {
    const id = await stored(store, {});
    const handles = [store, other, store, other];
    for (let round = 1; round <= 100; round++) {
      await Promise.all(
        handles.map((handle, i) =>
          handle.commit(id, patchOf({ mode: 'update', set: new Map([[`w${i}`, String(round)]]) }), NOW),
        ),
      );
      const fields = (await store.load(id, NOW))?.fields;
      assert.deepEqual(
        handles.map((_, i) => fields?.get(`w${i}`)),
        handles.map(() => String(round)),
      );
    }
  },

  'counts commits from one, and stores touches without counting them': async ({ store }) => {
    const id = await stored(store, { a: '1' });
    await store.touch(id, NOW + 2 * HOUR, NOW + 5);
    const receipt = await store.commit(id, patchOf({ mode: 'update', expiresAt: NOW + 2 * HOUR }), NOW + 6);
    assert.equal(receipt?.version, 2);
  },

  'keeps the time of creation through updates': async ({ store }) => {
    const id = await stored(store, {});
    await store.commit(
      id,
      patchOf({ mode: 'update', createdAt: NOW + HOUR / 2, expiresAt: NOW + 2 * HOUR }),
      NOW + HOUR / 2,
    );
    const record = await store.load(id, NOW + HOUR);
    assert.deepEqual([record?.createdAt, record?.touchedAt, record?.expiresAt], [NOW, NOW + HOUR / 2, NOW + 2 * HOUR]);
  },

  'gives snapshots that later commits do not change': async ({ store }) => {
    const id = await stored(store, { a: '1' });
    const before = await store.load(id, NOW);
    await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW);
    assert.deepEqual([before?.version, before?.fields], [1, new Map([['a', '1']])]);
  },

  'never revives a destroyed session': async ({ store, other }) => {
    const id = await stored(store, { user: '"ada"' });
    await store.destroy(id, NOW);
    assert.equal(await other.commit(id, patchOf({ mode: 'update', set: new Map([['a', '1']]) }), NOW), undefined);
    assert.equal(await other.commit(id, patchOf({ mode: 'update', add: new Map([['n', 1]]) }), NOW), undefined);
    assert.equal(await other.touch(id, NOW + HOUR, NOW), false);
    assert.equal(await store.load(id, NOW), undefined);
  },

  'hands out what a session last held to the one who destroys it': async ({ store, other }) => {
    const id = await stored(store, { a: '1' });
    await store.commit(id, patchOf({ mode: 'update', set: new Map([['b', '2']]) }), NOW);
    const results = await Promise.all([store.destroy(id, NOW), other.destroy(id, NOW)]);
    const [record, ...rest] = results.filter((result) => result !== undefined);
    assert.deepEqual(rest, []);
    assert.equal(record?.version, 2);
    assert.deepEqual(Object.fromEntries(record.fields), { a: '1', b: '2' });
  },

  'creates no session over another one': async ({ store }) => {
    const id = await stored(store, { user: '"ada"' });
    const patch = patchOf({ set: new Map([['user', '"eve"']]) });
    await assert.rejects(store.commit(id, patch, NOW), { name: 'BalancerError', code: 'SESSION_CORRUPT' });
    assert.deepEqual((await store.load(id, NOW))?.fields, new Map([['user', '"ada"']]));
  },

  'adds to integers, starting from nothing': async ({ store }) => {
    const id = await stored(store, { here: '40' });
    const add = new Map([
      ['here', 2],
      ['new', -3],
    ]);
    const receipt = await store.commit(id, patchOf({ mode: 'update', add }), NOW);
    const sums = { here: '42', new: '-3' };
    assert.deepEqual(Object.fromEntries(receipt?.sums ?? []), sums);
    assert.deepEqual(Object.fromEntries((await store.load(id, NOW))?.fields ?? []), sums);
  },

  'adds when it creates': async ({ store }) => {
    const id = newSessionId();
    const receipt = await store.commit(id, patchOf({ add: new Map([['n', 7]]) }), NOW);
    assert.deepEqual(receipt, { version: 1, sums: new Map([['n', '7']]), conflicts: new Map() });
  },

  'loses none of 200 concurrent increments': async ({ store, other }) => {
    const id = await stored(store, {});
    const patch = patchOf({ mode: 'update', add: new Map([['n', 1]]) });
    const receipts = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 2 ? store : other).commit(id, patch, NOW)),
    );
    assert.equal((await store.load(id, NOW))?.fields.get('n'), '200');
    assert.equal(new Set(receipts.map((receipt) => receipt?.sums.get('n'))).size, 200);
  },

  'refuses a sum that is not an exact integer, and then changes nothing': async ({ store }) => {
    const unfit = [
      '"1"',
      '1.5',
      'null',
      '1e3',
      '01',
      '',
      '9007199254740991',
      '9007199254740993',
      '99999999999999999999',
    ];
    for (const value of unfit) {
      const id = await stored(store, { n: value, other: '1' });
      const patch = patchOf({
        mode: 'update',
        set: new Map([['other', '2']]),
        remove: ['x'],
        add: new Map([['n', 1]]),
      });
      await assert.rejects(store.commit(id, patch, NOW), { code: 'SESSION_FIELD' }, `for ${JSON.stringify(value)}`);
      assert.deepEqual(Object.fromEntries((await store.load(id, NOW))?.fields ?? []), { n: value, other: '1' });
    }
  },

  'adds up to the limits of safe integers': async ({ store }) => {
    const id = await stored(store, { up: '9007199254740990', down: '-9007199254740990', through: '-1' });
    const add = new Map([
      ['up', 1],
      ['down', -1],
      ['through', 1],
    ]);
    const receipt = await store.commit(id, patchOf({ mode: 'update', add }), NOW);
    const sums = { up: '9007199254740991', down: '-9007199254740991', through: '0' };
    assert.deepEqual(Object.fromEntries(receipt?.sums ?? []), sums);
  },

  'ends a session exactly when its time is over': async ({ store }) => {
    const end = NOW + HOUR;
    const update = patchOf({ mode: 'update', expiresAt: end + HOUR });
    assert.notEqual(await store.load(await stored(store, {}), end - 1), undefined);
    assert.equal(await store.load(await stored(store, {}), end), undefined);
    assert.equal(await store.commit(await stored(store, {}), update, end), undefined);
    assert.equal(await store.touch(await stored(store, {}), end + HOUR, end), false);
    assert.equal(await store.destroy(await stored(store, {}), end), undefined);
  },

  'moves the end of its time with a touch and with a commit': async ({ store }) => {
    const id = await stored(store, { a: '1' });
    assert.equal(await store.touch(id, NOW + 2 * HOUR, NOW + 1), true);
    const touched = await store.load(id, NOW + 2 * HOUR - 1);
    assert.deepEqual([touched?.touchedAt, touched?.expiresAt], [NOW + 1, NOW + 2 * HOUR]);
    assert.deepEqual(touched?.fields, new Map([['a', '1']]));
    await store.commit(id, patchOf({ mode: 'update', expiresAt: NOW + 3 * HOUR }), NOW + HOUR);
    assert.notEqual(await store.load(id, NOW + 3 * HOUR - 1), undefined);
  },

  'leaves nothing of an expired session in one that is created in its place': async ({ store }) => {
    const id = await stored(store, { old: '1' });
    const later = NOW + 2 * HOUR;
    const patch = patchOf({ createdAt: later, expiresAt: later + HOUR, set: new Map([['new', '1']]) });
    assert.equal((await store.commit(id, patch, later))?.version, 1);
    assert.deepEqual((await store.load(id, later))?.fields, new Map([['new', '1']]));
  },

  'does what a map would do, for any sequence of calls': async ({ store, other }) => {
    await assertDoesWhatAMapWould(store, other);
  },

  ...CONDITION_LAWS,
  ...RETIREMENT_LAWS,
  ...PRINCIPAL_LAWS,
};
