import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { decodeValue, encodeValue } from '../../../packages/session-store/src/fields/codec.ts';
import { MAX_VALUE_LENGTH } from '../../../packages/session-store/src/fields/codec-tags.ts';

class Money {
  readonly amount = 1;
}

describe('encodeValue', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = { again: cycle };
  const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], 1);

  const refused: [value: unknown, path: string, what: string][] = [
    [new Money(), 'f', 'an instance of Money'],
    [{ when: { at: new Money() } }, 'f.when.at', 'an instance of Money'],
    [new Date(Number.NaN), 'f', 'an invalid Date'],
    [Object.assign(new Date(0), { zone: 'UTC' }), 'f', 'an instance of Date with properties of its own'],
    [Object.create(Date.prototype), 'f', 'an instance of Date'],
    [Object.setPrototypeOf(new Date(0), Money.prototype), 'f', 'an instance of Money'],
    [
      [
        new Map<unknown, unknown>([
          ['a', 1],
          [{ by: new Money() }, 2],
        ]),
      ],
      'f[0]<key 1>.by',
      'an instance of Money',
    ],
    [new Map([['a', /x/]]), 'f<value 0>', 'an instance of RegExp'],
    [new Set([1, Number.NaN]), 'f<1>', 'NaN'],
    [new Float64Array(2), 'f', 'an instance of Float64Array'],
    [new Error('x'), 'f', 'an instance of Error'],
    [new Number(1), 'f', 'an instance of Number'],
    [Object.setPrototypeOf([1], Money.prototype), 'f', 'an instance of Money'],
    [Object.defineProperty({}, 'hidden', { value: 1 }), 'f.hidden', 'a property that is not enumerable'],
    [Object.create({ inherited: 1 }), 'f', 'an instance of Object'],
    [{ a: () => 1 }, 'f.a', 'a function'],
    [{ toJSON: () => 'sly' }, 'f.toJSON', 'a function'],
    [Symbol('s'), 'f', 'a symbol'],
    [1n << 16_384n, 'f', 'a bigint of more than 16384 bits'],
    [undefined, 'f', 'undefined'],
    [{ n: Number.NaN }, 'f.n', 'NaN'],
    [-Infinity, 'f', '-Infinity'],
    [[1, , 2], 'f[1]', 'a hole'], // oxlint-disable-line no-sparse-arrays -- a hole is the case
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
        message: `The session field \`${path}\` cannot be stored: ${what} does not survive encoding`,
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
    const anything = fc.anything({
      withDate: true,
      withMap: true,
      withSet: true,
      withBigInt: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        let text: string;
        try {
          text = encodeValue('f', value);
        } catch (error) {
          assert.equal(Reflect.get(Object(error), 'code'), 'SESSION_FIELD');
          return;
        }
        const back = decodeValue('f', text);
        if (!text.startsWith('~')) assert.ok(isDeepStrictEqual(back, JSON.parse(JSON.stringify(value))));
        assert.equal(encodeValue('f', back), text);
      }),
    );
  });

  it('writes plain values, those that look like tags too, as JSON does', () => {
    for (const value of [{ '~date': 1 }, { '~~x': ['~', { '~set': [] }] }, '~1', 42, -7, null, [{ toJSON: 1 }]]) {
      assert.equal(encodeValue('f', value), JSON.stringify(value));
      assert.deepEqual(decodeValue('f', JSON.stringify(value)), value);
    }
  });

  it('takes an array of another realm for an array', () => {
    assert.equal(encodeValue('f', runInNewContext('[1, [2]]')), '[1,[2]]');
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
    '[{"__prot\\u005F_":1, "\\u005F_proto_\\u005F":1}]',
    '['.repeat(101) + ']'.repeat(101),
    '['.repeat(500_000) + ']'.repeat(500_000),
    '{"a":'.repeat(101) + '1' + '}'.repeat(101),
    `"${'x'.repeat(MAX_VALUE_LENGTH)}"`,
  ];
  for (const text of refused) {
    it(`refuses ${text.slice(0, 60) || 'an empty text'}${text.length > 60 ? ` and so on, ${text.length} characters` : ''}`, () => {
      assert.throws(() => decodeValue('f', text), { name: 'BalancerError', code: 'SESSION_CORRUPT' });
      assert.equal(Reflect.get({}, 'isAdmin'), undefined);
    });
  }

  it('accepts many lists beside each other', () => {
    const lists = Array.from({ length: 300 }, (_, i) => [{ i }]);
    assert.deepEqual(decodeValue('f', JSON.stringify(lists)), lists);
  });

  it('accepts a text that only speaks of __proto__', () => {
    assert.equal(decodeValue('f', '"about __proto__"'), 'about __proto__');
  });
});
