/**
 * The lookup table of Maglev: every member in turn takes the next free slot of a permutation of its own, as often as its weight says,
 * until the table is full. So slots are shared out as evenly as whole numbers allow, and most stay where they are if a member goes.
 * @see Eisenbud et al. 2016, "Maglev: a fast and reliable software network load balancer", sections 3.4 and 5.3
 */
import { mix32 } from './hash.ts';
import type { Members } from './members.ts';
import { jumped, JUMPS, scan } from './placement.ts';
import type { Except, Placement } from './placement.ts';

const TWO_POW_32 = 2 ** 32;

/** With fewer slots per member than this, a whole number of slots would be far from a member's share. */
const SLOTS_PER_MEMBER = 4;

export class MaglevTable implements Placement {
  readonly #slots: Uint16Array | Uint32Array;
  readonly #members: number;

  /** Takes O(size log size) time, most of it for the last slots. @param size a prime */
  constructor(members: Members, weights: Float64Array, size: number) {
    this.#members = weights.length;
    this.#slots = filled(members, weights, sizeFor(this.#members, size));
  }

  /** How many keys out of `size` are the member's. For tests and for people. */
  shares(): Uint32Array {
    const shares = new Uint32Array(this.#members);
    for (const member of this.#slots) shares[member]!++;
    return shares;
  }

  owner(key: number): number {
    const slots = this.#slots;
    return slots[Math.trunc((mix32(key) / TWO_POW_32) * slots.length)]!;
  }

  ownerExcept(key: number, except: Except): number {
    for (let step = 0; step <= JUMPS; step++) {
      const member = this.owner(step === 0 ? key : jumped(key, step));
      if (!except.isTried(member) && !except.isFull(member)) return member;
    }
    return scan(this.#members, key, except);
  }
}

/** The size that was asked for, unless that many members would not find room: then one that lasts for a while. */
function sizeFor(members: number, size: number): number {
  let least = size;
  while (least < members * SLOTS_PER_MEMBER) least *= 8;
  while (!isPrime(least)) least++;
  return least;
}

export function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

function filled({ first, second }: Members, weights: Float64Array, size: number): Uint16Array | Uint32Array {
  const n = weights.length;
  const slots = n < 2 ** 16 ? new Uint16Array(size) : new Uint32Array(size);
  const isTaken = new Uint8Array(size);
  const at = new Uint32Array(n);
  const skip = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    at[i] = (first[i]! >>> 0) % size;
    skip[i] = ((second[i]! >>> 0) % (size - 1)) + 1;
  }
  const turns = turnsOf(weights, size);
  for (let turn = 0; turn < size; turn++) {
    const member = turns[turn]!;
    let slot = at[member]!;
    while (isTaken[slot] === 1) slot = slot + skip[member]! < size ? slot + skip[member]! : slot + skip[member]! - size;
    at[member] = slot;
    isTaken[slot] = 1;
    slots[slot] = member;
  }
  return slots;
}

/**
 * Whose turn it is, for at least `size` turns. A member's turns are `1 / weight` apart, whatever the others' weights, so that a weight
 * that changes leaves all other turns as they are. The first one is in the middle of the member's first interval, which rounds its
 * slots to the nearest number; but early enough for the smallest weight to get one before the table is full.
 */
function turnsOf(weights: Float64Array, size: number): Uint32Array {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  const firsts = weights.map((weight) => 0.5 / Math.max(weight, (2 * total) / size));
  // Until then all have had their turns, and one more each.
  const horizon = (size + weights.length) / total;
  return byTime(firsts, weights, horizon, size / horizon);
}

/** Turns at `first + k / weight` before the horizon, by time: into buckets of about one each, in the order of members there. O(turns) */
function byTime(firsts: Float64Array, weights: Float64Array, horizon: number, bucketsPerTime: number): Uint32Array {
  const starts = new Uint32Array(Math.ceil(horizon * bucketsPerTime) + 2);
  for (let i = 0; i < weights.length; i++) {
    for (let k = 0, at = firsts[i]!; at < horizon; at = firsts[i]! + ++k / weights[i]!) {
      starts[Math.trunc(at * bucketsPerTime) + 1]!++;
    }
  }
  for (let b = 1; b < starts.length; b++) starts[b]! += starts[b - 1]!;
  const turns = new Uint32Array(starts.at(-1)!);
  for (let i = 0; i < weights.length; i++) {
    for (let k = 0, at = firsts[i]!; at < horizon; at = firsts[i]! + ++k / weights[i]!) {
      turns[starts[Math.trunc(at * bucketsPerTime)]!++] = i;
    }
  }
  return turns;
}
