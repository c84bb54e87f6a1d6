/**
 * A 32-bit FNV-1a hash of a string's UTF-16 units with MurmurHash3's finaliser, which FNV alone needs for its low
 * avalanche in the top bits. Not for secrets. O(length), allocates nothing.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function hash32(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/** MurmurHash3's 32-bit finaliser: spreads every input bit over all output bits. Combine two hashes as `mix32(a ^ mix32(b))`. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The key of what a request hangs on: a hash of `text` that is never 0, which means that it hangs on nothing; 0 without a text. */
export function keyOf(text: string | undefined): number {
  return text === undefined ? 0 : hash32(text) || 1;
}
