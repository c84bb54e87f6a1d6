/**
 * What rings, tables and scores have in common: each gives a key to one of n members, and to another one if that will not do.
 */
import { mix32 } from './hash.ts';

/** Members that a search passes over. */
export interface Except {
  isTried(member: number): boolean;
  isFull(member: number): boolean;
}

/** A way to share keys out among members 0..n-1. Nothing in it depends on anything but the members, their weights and the seed. */
export interface Placement {
  /** The member that `key` belongs to. @param key an integer of 32 bits, mixed here and not before. Allocates nothing. */
  owner(key: number): number;
  /** The key's next member that is neither tried nor full; -1 if there is none. Allocates nothing. */
  ownerExcept(key: number, except: Except): number;
}

/** How often a search jumps before it looks at one member after the other. With four of five members full, 1 of 1,260 gets there. */
export const JUMPS = 32;

/** 2^32 divided by the golden ratio. */
const STRIDE = 0x9e3779b9;

/**
 * Another key in place of `key`, one for each step. Overflow that went on to a neighbour would all land on the same one, fill it, and
 * go on from there; a jump spreads it.
 * @see Chen, Coleman and Shrivastava 2019, "Revisiting consistent hashing with bounded loads", https://arxiv.org/abs/1908.08762
 */
export function jumped(key: number, step: number): number {
  return mix32(key + Math.imul(step, STRIDE)) | 0;
}

/** The first member that will do, from one that depends on the key; -1 if there is none. O(n). */
export function scan(members: number, key: number, except: Except): number {
  const start = mix32(key ^ STRIDE) % members;
  for (let i = 0; i < members; i++) {
    const member = (start + i) % members;
    if (!except.isTried(member) && !except.isFull(member)) return member;
  }
  return -1;
}
