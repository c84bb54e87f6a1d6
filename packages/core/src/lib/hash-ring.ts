/**
 * A ring of hash values, on which every member has many points; a key belongs to the member whose point comes next. The points of a
 * member depend on itself alone, so that another one that comes or goes takes or leaves keys of its own and moves no others.
 * @see Karger et al. 1997, "Consistent hashing and random trees"; ketama, for many points per member
 */
import { mix32 } from './hash.ts';
import type { Members } from './members.ts';
import { jumped, JUMPS, scan } from './placement.ts';
import type { Except, Placement } from './placement.ts';

/** How many points of tried members are passed over until the search jumps. */
const MAX_WALK = 256;

/** Points per bucket, on average. */
const BUCKET = 4;

export class HashRing implements Placement {
  /** Points in ascending order, and whose they are. */
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array | Uint32Array;
  /** Where the points of each bucket begin: a look-up instead of a search. */
  readonly #starts: Uint32Array;
  readonly #shift: number;
  readonly #members: number;

  /**
   * Takes O(points) time.
   * @param counts how many points each member has, at least one
   */
  constructor(members: Members, counts: Uint32Array) {
    let size = 0;
    for (let i = 0; i < counts.length; i++) size += counts[i]!;
    const bits = Math.min(24, Math.max(1, Math.ceil(Math.log2(size / BUCKET))));
    this.#members = counts.length;
    this.#shift = 32 - bits;
    this.#points = new Uint32Array(size);
    this.#owners = this.#members < 2 ** 16 ? new Uint16Array(size) : new Uint32Array(size);
    this.#starts = new Uint32Array(2 ** bits + 1);
    this.#place(members, counts);
    this.#sortBuckets();
  }

  get size(): number {
    return this.#points.length;
  }

  owner(key: number): number {
    return this.#owners[this.#next(key)]!;
  }

  /** As though the tried members were not on the ring; and from somewhere else on it if that one is full. */
  ownerExcept(key: number, except: Except): number {
    const owners = this.#owners;
    for (let step = 0; step <= JUMPS; step++) {
      let at = this.#next(step === 0 ? key : jumped(key, step));
      for (let walked = 0; walked < MAX_WALK; walked++) {
        const member = owners[at]!;
        if (!except.isTried(member)) {
          if (except.isFull(member)) break;
          return member;
        }
        at = at + 1 === owners.length ? 0 : at + 1;
      }
    }
    return scan(this.#members, key, except);
  }

  /** The index of the first point at or after the key's. */
  #next(key: number): number {
    const points = this.#points;
    const value = mix32(key);
    let at = this.#starts[value >>> this.#shift]!;
    while (at < points.length && points[at]! < value) at++;
    return at === points.length ? 0 : at;
  }

  /** Into buckets by the upper bits, in a first pass that counts and a second one that puts. */
  #place({ first, second }: Members, counts: Uint32Array): void {
    const starts = this.#starts;
    const shift = this.#shift;
    for (let i = 0; i < counts.length; i++) {
      for (let k = 0; k < counts[i]!; k++) starts[(pointOf(first[i]!, second[i]!, k) >>> shift) + 1]!++;
    }
    for (let b = 1; b < starts.length; b++) starts[b]! += starts[b - 1]!;
    const next = starts.slice();
    for (let i = 0; i < counts.length; i++) {
      for (let k = 0; k < counts[i]!; k++) {
        const point = pointOf(first[i]!, second[i]!, k);
        const at = next[point >>> shift]!++;
        this.#points[at] = point;
        this.#owners[at] = i;
      }
    }
  }

  /** Buckets are in order, and hold few points each. Equal points stay in the order of their members. */
  #sortBuckets(): void {
    const points = this.#points;
    const owners = this.#owners;
    for (let i = 1; i < points.length; i++) {
      const point = points[i]!;
      if (points[i - 1]! <= point) continue;
      const owner = owners[i]!;
      let at = i;
      for (; at > 0 && points[at - 1]! > point; at--) {
        points[at] = points[at - 1]!;
        owners[at] = owners[at - 1]!;
      }
      points[at] = point;
      owners[at] = owner;
    }
  }
}

/** The k-th point of a member; the first k are the same however many it has. */
function pointOf(first: number, second: number, k: number): number {
  return mix32(first + Math.imul(k, second | 1));
}
