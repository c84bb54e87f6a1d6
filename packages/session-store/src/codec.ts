/**
 * Field values as JSON text. What JSON would change without a word (a Date, a Map, NaN, a class instance, ...) is refused with the
 * path of the offender, because a value that comes back as something else on the next request is the worst kind of bug. A property
 * of an object that is `undefined` is left out, as JSON does: it reads back as `undefined` all the same.
 * @see RFC 8259
 */
import { BalancerError } from '@evenkeel/core';

/** The longest encoded value of one field, in UTF-16 units. */
export const MAX_VALUE_LENGTH = 1_048_576;

/** Deeper values are refused before they could overflow the stack. */
const MAX_DEPTH = 100;

// Only a text that could hold the key is worth a walk: spelt out, or with an escape that this codec would not have written.
const SUSPECT = /__proto__|\\u005f/i;

/**
 * The JSON text of a field's value. O(size).
 * @throws SESSION_FIELD naming the path, if `value` would not come back equal, or is too large
 */
export function encodeValue(name: string, value: unknown): string {
  assertStorable(value, name, []);
  const text = JSON.stringify(value);
  if (text.length <= MAX_VALUE_LENGTH) return text;
  throw new BalancerError(
    'SESSION_FIELD',
    `The session field \`${name}\` is larger than ${MAX_VALUE_LENGTH} characters`,
  );
}

/** The value of an encoded field. O(size). @throws SESSION_CORRUPT if `encodeValue` cannot have written it */
export function decodeValue(name: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (SUSPECT.test(text)) assertStorable(value, name, []);
  } catch (cause) {
    throw new BalancerError('SESSION_CORRUPT', `The stored session field \`${name}\` is not of this library's making`, {
      cause,
    });
  }
  return value;
}

function assertStorable(value: unknown, path: string, parents: readonly object[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      // -0 comes back as 0, which is equal to it and what arithmetic meant.
      if (!Number.isFinite(value)) throw refused(path, String(value));
      return;
    case 'object':
      if (value === null) return;
      if (parents.includes(value)) throw refused(path, 'a cycle');
      if (parents.length >= MAX_DEPTH) throw refused(path, `nested more than ${MAX_DEPTH} deep`);
      return Array.isArray(value)
        ? assertStorableArray(value, path, [...parents, value])
        : assertStorableObject(value, path, [...parents, value]);
    default:
      throw refused(path, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function assertStorableArray(array: readonly unknown[], path: string, parents: readonly object[]): void {
  // By index, so that a hole counts as the undefined it reads as.
  for (let i = 0; i < array.length; i++) assertStorable(array[i], `${path}[${i}]`, parents);
  if (Object.keys(array).length !== array.length) throw refused(path, 'an array with named properties');
}

function assertStorableObject(object: object, path: string, parents: readonly object[]): void {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw refused(path, describeInstance(object));
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'symbol') throw refused(path, 'an object with a symbol as key');
    if (key === '__proto__') throw refused(path, 'an object with the key "__proto__"');
    const value: unknown = Reflect.get(object, key);
    if (value !== undefined) assertStorable(value, `${path}.${key}`, parents);
  }
}

function describeInstance(object: object): string {
  const name: unknown = Reflect.get(object, 'constructor')?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object with a prototype of its own';
}

function refused(path: string, what: string): BalancerError {
  return new BalancerError(
    'SESSION_FIELD',
    `The session field \`${path}\` cannot be stored: ${what} does not survive JSON`,
  );
}
