import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeValue, encodeValue } from '../../../packages/session-store/src/fields/codec.ts';
import { isPlainTextOf, plainValue } from '../../../packages/session-store/src/fields/plain-text.ts';

/** Texts that are nearly JSON: what is in a store need not be this library's making. */
const TEXTS = [
  '',
  '"',
  '""',
  '"a',
  'a"',
  '"a"b"',
  '"a\\"',
  '"a\\nb"',
  '"a\nb"',
  '"\u007f"',
  '"\ud800"',
  '00',
  '-0',
  '-',
  '1.5',
  '1e3',
  '9'.repeat(16),
  '-12',
  'true',
  'True',
  'null',
  '{}',
  '[]',
  '~{"~date":0}',
];

describe('a value that is plain enough to do without the codec', () => {
  const values = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.double(),
    fc.jsonValue(),
  );

  it('is what the codec makes of its text, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(values.filter(isStorable).map(encoded), fc.constantFrom(...TEXTS), fc.string()), (text) => {
        const value = plainValue(text);
        if (value !== undefined) assert.deepEqual(value, decodeValue('field', text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is known to be unchanged only if it is', () => {
    fc.assert(
      fc.property(
        values.filter(isStorable),
        fc.oneof(values.filter(isStorable).map(encoded), fc.constantFrom(...TEXTS)),
        (value, text) => {
          assert.ok(
            !isPlainTextOf(value, text) || encoded(value) === text,
            `${text} is not the text of ${encoded(value)}`,
          );
          if (plainValue(encoded(value)) !== undefined) assert.ok(isPlainTextOf(value, encoded(value)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is a short string without escapes, an integer or a boolean, and nothing else', () => {
    const plain = ['"ada"', '""', '"äöü \ud83d\ude00"', '0', '-12', '123456789012345', 'true', 'false'];
    assert.deepEqual(plain.map(plainValue), ['ada', '', 'äöü \ud83d\ude00', 0, -12, 123456789012345, true, false]);
    const others = ['null', '1.5', '-0', '"a\\nb"', `"${'x'.repeat(255)}"`, '{}', '"a"b"', '"a'];
    assert.deepEqual(
      others.map(plainValue),
      others.map(() => undefined),
    );
  });

  it('is not taken for a string with escapes that reads like it', () => {
    assert.equal(isPlainTextOf('a\\nb', '"a\\nb"'), false);
    assert.equal(isPlainTextOf('a"b', '"a"b"'), false);
  });
});

function encoded(value: unknown): string {
  return encodeValue('field', value);
}

function isStorable(value: unknown): boolean {
  try {
    encoded(value);
    return true;
  } catch {
    return false;
  }
}
