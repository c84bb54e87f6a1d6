/**
 * Field values as text. Plain JSON values are their JSON text and nothing else: integers stay bare, so that a store can add to them,
 * and what older versions wrote stays readable. A value that holds more than JSON knows (a Date, a Map, bytes, ...) is a `~` and then
 * JSON with tags, see `codec-tags.ts`. No JSON text starts with `~`, so that no plain value can be taken for a tagged one.
 *
 * What even tags would change without a word (NaN, a class instance, a function, ...) is refused with the path of the offender,
 * because a value that comes back as something else on the next request is the worst kind of bug. A property of an object that is
 * `undefined` is left out, as JSON does: it reads back as `undefined` all the same.
 * @see RFC 8259
 */
import { BalancerError } from '@evenkeel/core';
import { MAX_DEPTH, MAX_VALUE_LENGTH, taggedTree, tooLarge, untagged } from './codec-tags.ts';

/** What the text of a tagged value starts with. */
const TAGGED = '~';

/**
 * The text of a field's value; equal values in equal order give equal texts. O(size).
 * @throws SESSION_FIELD naming the path, if `value` would not come back equal, or is too large
 */
export function encodeValue(name: string, value: unknown): string {
  const text = isPlain(value) ? JSON.stringify(value) : encodeOther(name, value);
  if (text.length <= MAX_VALUE_LENGTH) return text;
  throw tooLarge(name);
}

/** The value of an encoded field. O(size). @throws SESSION_CORRUPT if `encodeValue` cannot have written it */
export function decodeValue(name: string, text: string): unknown {
  try {
    if (text.length > MAX_VALUE_LENGTH) throw tooLarge(name);
    return text.startsWith(TAGGED) ? decodeTagged(name, text) : decodePlain(text);
  } catch (cause) {
    throw new BalancerError('SESSION_CORRUPT', `The stored session field \`${name}\` is not of this library's making`, {
      cause,
    });
  }
}

/** Slower, for it knows the path of all that it meets. */
function encodeOther(name: string, value: unknown): string {
  const { tree, isTagged } = taggedTree(name, value);
  return isTagged ? TAGGED + JSON.stringify(tree) : JSON.stringify(value);
}

function decodePlain(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isSuspect(text) && !isPlain(value)) throw new Error('a key that reaches a prototype, or nested too deep');
  return value;
}

/** One question answers all that a text can have wrong, such as a date out of range or bytes in a base64 of somebody else's. */
function decodeTagged(name: string, text: string): unknown {
  const value = untagged(JSON.parse(text.slice(TAGGED.length)));
  if (encodeValue(name, value) !== text) throw new Error('tags that this library does not write so');
  return value;
}

/** True for a text that is worth a walk: one that could hold `__proto__`, spelt out or escaped, or be nested too deep. */
function isSuspect(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u005') || occursMoreThan(MAX_DEPTH, text);
}

/** Counts `[` and `{`, the ones in strings too: searching is many times faster than reading the text. */
function occursMoreThan(limit: number, text: string): boolean {
  if (text.length <= 2 * limit) return false;
  let count = 0;
  for (let i = text.indexOf('['); i >= 0 && count <= limit; i = text.indexOf('[', i + 1)) count++;
  for (let i = text.indexOf('{'); i >= 0 && count <= limit; i = text.indexOf('{', i + 1)) count++;
  return count > limit;
}

/** Characters that the walk under way may still need. It ends objects that refer to each other so often that they never fit. */
let charactersLeft = 0;

/** True if JSON keeps `value` as it is. False may have any reason, size included. */
function isPlain(value: unknown): boolean {
  charactersLeft = MAX_VALUE_LENGTH;
  return isPlainWithin(value, 0);
}

function isPlainWithin(value: unknown, depth: number): boolean {
  if (--charactersLeft < 0) return false;
  switch (typeof value) {
    case 'string':
      charactersLeft -= value.length;
      return charactersLeft >= 0;
    case 'boolean':
      return true;
    case 'number':
      // -0 comes back as 0, which is equal to it and what arithmetic meant.
      return Number.isFinite(value);
    case 'object':
      // A cycle is nested too deep as well.
      if (value === null) return true;
      if (depth === MAX_DEPTH) return false;
      return Array.isArray(value) ? isPlainArray(value, depth + 1) : isPlainObject(value, depth + 1);
    default:
      return false;
  }
}

function isPlainArray(array: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  // By index, so that a hole counts as the undefined it reads as.
  for (let i = 0; i < array.length; i++) if (!isPlainWithin(array[i], depth)) return false;
  return Object.keys(array).length === array.length;
}

function isPlainObject(object: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const keys = Object.keys(object);
  // Asking three times is still faster than one list of all kinds of keys.
  if (Object.getOwnPropertyNames(object).length !== keys.length) return false;
  if (Object.getOwnPropertySymbols(object).length > 0) return false;
  for (const key of keys) {
    if (key === '__proto__') return false;
    const value = (object as Record<string, unknown>)[key];
    if (value === undefined) continue;
    charactersLeft -= key.length;
    if (!isPlainWithin(value, depth)) return false;
  }
  return true;
}
