/**
 * Values beyond JSON as JSON with tags. A tag is an object with one key, such as `{"~date":0}`; in a tagged text every other key that
 * starts with `~` gets one more, so that no object of the application can be taken for a tag.
 *
 * | value | tag |
 * |---|---|
 * | Date | `{"~date":ms since the epoch}` |
 * | Map | `{"~map":[key, value, key, value, ...]}`, in its order |
 * | Set | `{"~set":[member, ...]}`, in its order |
 * | BigInt | `{"~bigint":"decimal digits"}`, at most 16,384 bits |
 * | Buffer, Uint8Array | `{"~buffer":"base64"}`, `{"~bytes":"base64"}` |
 * | undefined in an array, a Map or a Set | `{"~undefined":0}` |
 */
import { types } from 'node:util';
import { BalancerError } from '@evenkeel/core';

/** The longest encoded value of one field, in UTF-16 units. */
export const MAX_VALUE_LENGTH = 1_048_576;

/** Deeper values are refused before they could overflow the stack. */
export const MAX_DEPTH = 100;

/** Reading and writing the digits of an integer takes the square of their number. */
const MAX_BIGINT_BITS = 16_384n;
const MAX_BIGINT = 1n << MAX_BIGINT_BITS;

type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };

/** The error for a value that is beyond the limit. */
export function tooLarge(name: string): BalancerError {
  return new BalancerError(
    'SESSION_FIELD',
    `The session field \`${name}\` is larger than ${MAX_VALUE_LENGTH} characters`,
  );
}

/**
 * What to write as JSON for a value, and whether there is a tag in it: if not, the value can be written as it is. O(size).
 * @throws SESSION_FIELD naming the path of what cannot be kept
 */
export function taggedTree(name: string, value: unknown): { tree: Tree; isTagged: boolean } {
  const tagger = new Tagger(name);
  const tree = tagger.treeOf(value, name);
  return { tree, isTagged: tagger.isTagged };
}

class Tagger {
  isTagged = false;
  readonly #name: string;
  readonly #parents: object[] = [];
  #charactersLeft = MAX_VALUE_LENGTH;

  constructor(name: string) {
    this.#name = name;
  }

  treeOf(value: unknown, path: string): Tree {
    switch (typeof value) {
      case 'string':
        this.#spend(1 + value.length);
        return value;
      case 'boolean':
        this.#spend(1);
        return value;
      case 'number':
        this.#spend(1);
        if (!Number.isFinite(value)) throw refused(path, String(value));
        return value;
      case 'bigint':
        if (value >= MAX_BIGINT || value <= -MAX_BIGINT)
          throw refused(path, `a bigint of more than ${MAX_BIGINT_BITS} bits`);
        return this.#tag('bigint', String(value));
      case 'object':
        this.#spend(1);
        return value === null ? null : this.#treeOfObject(value, path);
      default:
        throw refused(path, value === undefined ? 'undefined' : `a ${typeof value}`);
    }
  }

  #treeOfObject(value: object, path: string): Tree {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (types.isDate(value) && prototype === Date.prototype) return this.#treeOfDate(value, path);
    if (types.isUint8Array(value)) {
      if (prototype === Buffer.prototype) return this.#treeOfBytes('buffer', value);
      if (prototype === Uint8Array.prototype) return this.#treeOfBytes('bytes', value);
    }
    if (this.#parents.includes(value)) throw refused(path, 'a cycle');
    if (this.#parents.length >= MAX_DEPTH) throw refused(path, `nested more than ${MAX_DEPTH} deep`);
    this.#parents.push(value);
    const tree = this.#treeOfContainer(value, prototype, path);
    this.#parents.pop();
    return tree;
  }

  #treeOfContainer(value: object, prototype: unknown, path: string): Tree {
    if (Array.isArray(value)) return this.#treeOfArray(value, path);
    if (types.isMap(value) && prototype === Map.prototype) return this.#treeOfMap(value, path);
    if (types.isSet(value) && prototype === Set.prototype) return this.#treeOfSet(value, path);
    if (prototype !== Object.prototype && prototype !== null) throw refused(path, describeInstance(value));
    return this.#treeOfFields(value, path);
  }

  #treeOfDate(date: Date, path: string): Tree {
    const time = date.getTime();
    if (Number.isNaN(time)) throw refused(path, 'an invalid Date');
    assertBare(date, path);
    return this.#tag('date', time);
  }

  /** Named properties of bytes are not looked for: listing the keys takes longer than all the rest. */
  #treeOfBytes(tag: 'buffer' | 'bytes', { buffer, byteOffset, byteLength }: Uint8Array): Tree {
    this.#spend(byteLength);
    return this.#tag(tag, Buffer.from(buffer, byteOffset, byteLength).toString('base64'));
  }

  #treeOfArray(array: readonly unknown[], path: string): Tree {
    if (Object.getPrototypeOf(array)?.constructor?.name !== 'Array') throw refused(path, describeInstance(array));
    const tree: Tree[] = [];
    for (let i = 0; i < array.length; i++) {
      if (array[i] === undefined && !(i in array)) throw refused(`${path}[${i}]`, 'a hole');
      tree.push(this.#treeOfMember(array[i], `${path}[${i}]`));
    }
    if (Object.keys(array).length !== array.length) throw refused(path, 'an array with named properties');
    return tree;
  }

  #treeOfMap(map: ReadonlyMap<unknown, unknown>, path: string): Tree {
    assertBare(map, path);
    const tree: Tree[] = [];
    for (const [key, value] of map) {
      const i = tree.length / 2;
      tree.push(this.#treeOfMember(key, `${path}<key ${i}>`), this.#treeOfMember(value, `${path}<value ${i}>`));
    }
    return this.#tag('map', tree);
  }

  #treeOfSet(set: ReadonlySet<unknown>, path: string): Tree {
    assertBare(set, path);
    const tree: Tree[] = [];
    for (const member of set) tree.push(this.#treeOfMember(member, `${path}<${tree.length}>`));
    return this.#tag('set', tree);
  }

  #treeOfMember(value: unknown, path: string): Tree {
    return value === undefined ? this.#tag('undefined', 0) : this.treeOf(value, path);
  }

  #treeOfFields(object: object, path: string): Tree {
    const tree: Record<string, Tree> = {};
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === 'symbol') throw refused(path, 'an object with a symbol as key');
      if (key === '__proto__') throw refused(path, 'an object with the key "__proto__"');
      const { enumerable } = Object.getOwnPropertyDescriptor(object, key) ?? {};
      if (enumerable !== true) throw refused(`${path}.${key}`, 'a property that is not enumerable');
      const value: unknown = Reflect.get(object, key);
      if (value === undefined) continue;
      this.#spend(key.length);
      tree[key.startsWith('~') ? `~${key}` : key] = this.treeOf(value, `${path}.${key}`);
    }
    return tree;
  }

  #tag(tag: keyof typeof UNTAG, tree: Tree): Tree {
    this.isTagged = true;
    this.#spend(1);
    return { [`~${tag}`]: tree };
  }

  #spend(characters: number): void {
    this.#charactersLeft -= characters;
    if (this.#charactersLeft < 0) throw tooLarge(this.#name);
  }
}

/**
 * The value of a tree. What nobody can have written throws, or comes out as something that would be written in another way; the caller
 * compares. O(size).
 */
export function untagged(tree: unknown, depth: number = 0): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return members(tree, depth);
  const entries = Object.entries(tree);
  const [key, member] = entries[0] ?? ['', undefined];
  if (entries.length === 1 && isTag(key)) return untaggedOne(key.slice(1), member, depth);
  assertDepth(depth);
  const value: Record<string, unknown> = {};
  for (const [name, inner] of entries) {
    if (name === '__proto__' || isTag(name)) throw new Error('a key that no object has');
    value[name.startsWith('~') ? name.slice(1) : name] = untagged(inner, depth + 1);
  }
  return value;
}

function isTag(key: string): boolean {
  return key.startsWith('~') && !key.startsWith('~~');
}

function untaggedOne(tag: string, tree: unknown, depth: number): unknown {
  if (Object.hasOwn(UNTAG, tag)) return UNTAG[tag as keyof typeof UNTAG](tree, depth);
  throw new Error('an unknown tag');
}

/** Each checks its argument just so far that nothing costly can come of it. */
const UNTAG: {
  readonly [tag in 'date' | 'map' | 'set' | 'bigint' | 'buffer' | 'bytes' | 'undefined']: (
    tree: unknown,
    depth: number,
  ) => unknown;
} = {
  date: (tree) => new Date(Number(tree)),
  map: (tree, depth) => new Map(pairs(members(tree, depth))),
  set: (tree, depth) => new Set(members(tree, depth)),
  bigint: (tree) => BigInt(textOf(tree, Number(MAX_BIGINT_BITS))),
  buffer: (tree) => Buffer.from(textOf(tree, MAX_VALUE_LENGTH), 'base64'),
  // A copy: small Buffers are parts of a larger piece of memory, which must not be reachable through `.buffer`.
  bytes: (tree) => new Uint8Array(Buffer.from(textOf(tree, MAX_VALUE_LENGTH), 'base64')),
  undefined: () => undefined,
};

function members(tree: unknown, depth: number): unknown[] {
  if (!Array.isArray(tree)) throw new Error('a tag without its list');
  assertDepth(depth);
  return tree.map((member) => untagged(member, depth + 1));
}

function assertDepth(depth: number): void {
  if (depth >= MAX_DEPTH) throw new Error('nested too deep');
}

function* pairs(list: readonly unknown[]): Generator<[unknown, unknown]> {
  for (let i = 0; i + 1 < list.length; i += 2) yield [list[i], list[i + 1]];
}

function textOf(tree: unknown, maxLength: number): string {
  if (typeof tree === 'string' && tree.length <= maxLength) return tree;
  throw new Error('a tag without its text');
}

function assertBare(object: object, path: string): void {
  if (Reflect.ownKeys(object).length > 0) throw refused(path, `${describeInstance(object)} with properties of its own`);
}

function describeInstance(object: object): string {
  const name: unknown = Reflect.get(object, 'constructor')?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object with a prototype of its own';
}

function refused(path: string, what: string): BalancerError {
  return new BalancerError(
    'SESSION_FIELD',
    `The session field \`${path}\` cannot be stored: ${what} does not survive encoding`,
  );
}
