import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeValue, encodeValue } from '../../../packages/session-store/src/fields/codec.ts';
import { MAX_VALUE_LENGTH } from '../../../packages/session-store/src/fields/codec-tags.ts';
import { STORABLE } from '../fixtures/storable.ts';

describe('values beyond JSON', () => {
  it('come back as what they were', () => {
    const value = {
      at: new Date(1),
      cart: new Map<unknown, unknown>([
        ['a', new Set([1n, undefined])],
        [{ b: 1 }, [undefined, new Date(2)]],
      ]),
      bytes: new Uint8Array([1, 2, 255]),
      buffer: Buffer.from('text'),
      '~date': 'not a tag',
    };
    const text = encodeValue('f', value);
    assert.equal(
      text,
      '~{"at":{"~date":1},"cart":{"~map":["a",{"~set":[{"~bigint":"1"},{"~undefined":0}]},{"b":1},[{"~undefined":0},{"~date":2}]]},' +
        '"bytes":{"~bytes":"AQL/"},"buffer":{"~buffer":"dGV4dA=="},"~~date":"not a tag"}',
    );
    const back = decodeValue('f', text);
    assert.deepEqual(back, value);
    assert.ok(Buffer.isBuffer(Reflect.get(Object(back), 'buffer')));
  });

  it('have memory of their own where they are bytes', () => {
    const back = decodeValue('f', encodeValue('f', new Uint8Array(3)));
    assert.ok(back instanceof Uint8Array);
    assert.equal(back.buffer.byteLength, 3);
  });

  it('come back whatever holds them, and are written the same again', () => {
    fc.assert(
      fc.property(STORABLE, (value) => {
        const text = encodeValue('f', value);
        const back = decodeValue('f', text);
        assert.deepEqual(back, value);
        assert.equal(encodeValue('f', back), text);
      }),
      { numRuns: 500 },
    );
  });

  it('are given up when objects refer to each other more often than could ever fit', () => {
    const bomb = (leaf: unknown): unknown => Array.from({ length: 60 }).reduce((inner) => [inner, inner], leaf);
    for (const leaf of ['x', new Date(0), 'x'.repeat(100_000)])
      assert.throws(() => encodeValue('f', bomb(leaf)), { code: 'SESSION_FIELD', message: /larger than/ });
  });

  it('are given up before a text is made that no string could hold', () => {
    const long = 'x'.repeat(500_000);
    for (const leaf of [long, { [long]: 1 }, { [long]: 1n }, Buffer.alloc(500_000)]) {
      const many = Array.from({ length: 2_000 }, () => leaf);
      assert.throws(() => encodeValue('f', many), { code: 'SESSION_FIELD', message: /larger than/ });
    }
  });

  it('are refused before they are copied where they are too many bytes', () => {
    assert.throws(() => encodeValue('f', Buffer.alloc(MAX_VALUE_LENGTH + 1)), {
      code: 'SESSION_FIELD',
      message: /larger than/,
    });
  });

  it('are kept as deep as plain values', () => {
    for (const leaf of [1, new Date(0), 5n, Buffer.from('x')]) {
      const value = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], leaf);
      assert.deepEqual(decodeValue('f', encodeValue('f', value)), value);
    }
    const maps = Array.from({ length: 100 }).reduce<unknown>((inner) => new Map([['in', inner]]), undefined);
    assert.deepEqual(decodeValue('f', encodeValue('f', maps)), maps);
  });

  it('fail with SESSION_CORRUPT only, however their text was changed', () => {
    const mutation = fc.record({
      value: STORABLE,
      at: fc.nat(),
      length: fc.nat({ max: 4 }),
      put: fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom('~', '"', '{', '[', '~map', '__proto__', '1e999', '\u0000'),
      ),
    });
    fc.assert(
      fc.property(mutation, ({ value, at, length, put }) => {
        const text = encodeValue('f', value);
        const from = at % (text.length + 1);
        const changed = text.slice(0, from) + put + text.slice(from + length);
        try {
          decodeValue('f', changed);
        } catch (error) {
          assert.equal(Reflect.get(Object(error), 'code'), 'SESSION_CORRUPT');
        }
        assert.equal(Reflect.get({}, 'isAdmin'), undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  const refused = [
    '~',
    '~~1',
    '~1',
    '~{}',
    '~[{"~date":1},{"__proto__":{"isAdmin":true}}]',
    '~[{"~date":1},{"\\u005f_proto__":1}]',
    '~{"~date":1,"a":1}',
    '~{"~date":"1970-01-01"}',
    '~{"~date":8640000000000001}',
    '~{"~date":null}',
    '~{"~bigint":"0x10"}',
    '~{"~bigint":""}',
    '~{"~bigint":"-0"}',
    '~{"~bigint":12}',
    '~{"~buffer":{"length":1e9}}',
    '~{"~buffer":"AQL"}',
    '~{"~bytes":"AQL-"}',
    '~{"~bytes":7}',
    '~{"~map":["a"]}',
    '~{"~map":["a",1,"a",2]}',
    '~{"~map":{"length":1e9}}',
    '~{"~set":[1,1]}',
    '~{"~set":7}',
    '~{"~undefined":0}',
    '~{"~undefined":[]}',
    '~{"a":{"~undefined":0},"b":{"~date":0}}',
    '~{"~constructor":1}',
    '~{"~nothing":1}',
    '~ {"~date":1}',
    `~{"~bigint":"${'9'.repeat(20_000)}"}`,
    `~{"~bigint":"${'9'.repeat(1_000_000)}"}`,
    `~${'['.repeat(500_000)}{"~date":1}${']'.repeat(500_000)}`,
    `~${'{"~set":['.repeat(101)}1${']}'.repeat(101)}`,
  ];
  for (const text of refused) {
    it(`are not read from ${text.slice(0, 60)}${text.length > 60 ? ` and so on, ${text.length} characters` : ''}`, () => {
      assert.throws(() => decodeValue('f', text), { name: 'BalancerError', code: 'SESSION_CORRUPT' });
      assert.equal(Reflect.get({}, 'isAdmin'), undefined);
    });
  }
});
