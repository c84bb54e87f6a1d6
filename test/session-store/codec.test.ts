import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { decodeValue, encodeValue, MAX_VALUE_LENGTH } from '../../packages/session-store/src/codec.ts';

class Money {
  readonly amount = 1;
}

describe('encodeValue', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = { again: cycle };
  const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], 1);

  const refused: [value: unknown, path: string, what: string][] = [
    [new Date(0), 'f', 'an instance of Date'],
    [{ when: { at: new Date(0) } }, 'f.when.at', 'an instance of Date'],
    [[1, new Map()], 'f[1]', 'an instance of Map'],
    [new Money(), 'f', 'an instance of Money'],
    [Object.create({ inherited: 1 }), 'f', 'an instance of Object'],
    [{ a: () => 1 }, 'f.a', 'a function'],
    [{ toJSON: () => 'sly' }, 'f.toJSON', 'a function'],
    [Symbol('s'), 'f', 'a symbol'],
    [10n, 'f', 'a bigint'],
    [{ n: Number.NaN }, 'f.n', 'NaN'],
    [-Infinity, 'f', '-Infinity'],
    [[undefined], 'f[0]', 'undefined'],
    [[1, , 2], 'f[1]', 'undefined'], // oxlint-disable-line no-sparse-arrays -- a hole is the case
    [Object.assign([1], { extra: 1 }), 'f', 'an array with named properties'],
    [{ [Symbol('s')]: 1 }, 'f', 'an object with a symbol as key'],
    [JSON.parse('{"a":{"__proto__":{"isAdmin":true}}}'), 'f.a', 'an object with the key "__proto__"'],
    [cycle, 'f.self.again', 'a cycle'],
    [deep, `f${'[0]'.repeat(100)}`, 'nested more than 100 deep'],
  ];
  for (const [value, path, what] of refused) {
    it(`refuses ${what} at ${path.slice(0, 20)}`, () => {
      assert.throws(() => encodeValue('f', value), {
        name: 'BalancerError',
        code: 'SESSION_FIELD',
        message: `The session field \`${path}\` cannot be stored: ${what} does not survive JSON`,
      });
    });
  }

  it('refuses a value beyond its limit', () => {
    encodeValue('f', 'x'.repeat(MAX_VALUE_LENGTH - 2));
    assert.throws(() => encodeValue('f', 'x'.repeat(MAX_VALUE_LENGTH - 1)), { code: 'SESSION_FIELD' });
  });

  it('keeps -0 as the 0 that it equals', () => {
    assert.equal(encodeValue('f', [-0]), '[0]');
  });

  it('leaves out properties that are undefined, and lets one object occur twice', () => {
    const shared = { a: 1, b: undefined };
    assert.equal(encodeValue('f', { one: shared, two: [shared] }), '{"one":{"a":1},"two":[{"a":1}]}');
  });

  it('gives back whatever it accepts, or refuses it', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withBigInt: true, withSparseArray: true }), (value) => {
        let text: string;
        try {
          text = encodeValue('f', value);
        } catch {
          return;
        }
        const back = decodeValue('f', text);
        assert.ok(isDeepStrictEqual(back, JSON.parse(JSON.stringify(value))));
        assert.equal(encodeValue('f', back), text);
      }),
    );
  });

  it('accepts every JSON value but one with the key "__proto__"', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('__proto__')) return;
        assert.deepEqual(decodeValue('f', encodeValue('f', value)), JSON.parse(text));
      }),
    );
  });
});

describe('decodeValue', () => {
  const refused = [
    '',
    'undefined',
    '{',
    '[1,',
    'alert(1)',
    '{"__proto__":{"isAdmin":true}}',
    '[{"\\u005f_proto__":1}]',
  ];
  for (const text of refused) {
    it(`refuses ${text || 'an empty text'}`, () => {
      assert.throws(() => decodeValue('f', text), { name: 'BalancerError', code: 'SESSION_CORRUPT' });
      assert.equal(Reflect.get({}, 'isAdmin'), undefined);
    });
  }

  it('accepts a text that only speaks of __proto__', () => {
    assert.equal(decodeValue('f', '"about __proto__"'), 'about __proto__');
  });
});
