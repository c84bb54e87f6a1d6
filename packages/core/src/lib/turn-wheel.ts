import type { Random } from './random.ts';

const TWO_POW_32 = 2 ** 32;

/** Phases are whole multiples of this part of a weight's unit, so that sums of whole weights and phases are exact. */
const GRAIN = 2 ** -20;

/** The least part of all weight that counts: a turn is at most so many slots, which a double can still add up one by one. */
const LEAST_PART = 2 ** -40;

/** For how many slots per index a first one is asked again at most: the hand stands still meanwhile, and then has to catch up. */
const LONGEST_WAIT_ROUNDS = 2;

/**
 * Indices in turn, each as often as its weight says: earliest deadline first, in constant time.
 *
 * Virtual time is cut into slots. With weights that add up to `total`, an index of weight `w` is due every `total / w` slots, so on
 * average one index is due in a slot, and a turn is never shorter than a slot. The slots to come are the lists of a wheel; a hand
 * goes from slot to slot, and all that is due there gets its turn, first come, first served, before it moves on. A turn further
 * off than one revolution stays in its list until its revolution comes.
 *
 * - Shares are exact: a deadline is a slot and a remainder in units of the weight (Bresenham's rule), so nothing is rounded.
 *   Whole weights give each index exactly its weight in the first `total` turns, and any stretch holds its share to about one turn.
 * - Cost: a turn moves the hand by one slot on average, and a revolution looks at each index once beyond its own turns. So any n
 *   turns take O(n) steps, also if one index of 10,000 has nearly all the weight. One turn alone can take O(n) of them, where the
 *   turns of many indices coincide.
 * @see Varghese and Lauck 1987, "Hashed and hierarchical timing wheels"; Brown 1988, "Calendar queues"
 */
export class TurnWheel {
  readonly #weights: Float64Array;
  /** From one turn of an index to the next: whole slots, and the rest as a part of the weight. */
  readonly #turnSlots: Float64Array;
  readonly #turnRest: Float64Array;
  /** When each index is due: the slot, and how far into it as a part of the weight. */
  readonly #dueSlot: Float64Array;
  readonly #dueRest: Float64Array;
  /** A doubly linked list for each slot of the wheel, and a last one for those whose turn it is. */
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  readonly #next: Int32Array;
  readonly #before: Int32Array;
  readonly #listOf: Uint32Array;
  readonly #mask: number;
  readonly #order: Uint32Array;
  readonly #turns: Float64Array;
  /** The slot that the hand is in. */
  #slot = 0;
  /** The slot that it would be in if turns out of order had been in order. */
  #even = 0;

  /**
   * O(n).
   * @param weights at least one, all above 0
   * @param turns how many of its own turns each index is from its next one; below 0 for a random phase
   * @param order the indices in the order in which they get their turns if they are due in one slot. @default 0, 1, 2, ...
   */
  constructor(weights: Float64Array, turns: Float64Array, random: Random, order?: Uint32Array) {
    const n = weights.length;
    const slots = 2 ** Math.ceil(Math.log2(n));
    this.#weights = new Float64Array(n);
    this.#turnSlots = new Float64Array(n);
    this.#turnRest = new Float64Array(n);
    this.#dueSlot = new Float64Array(n);
    this.#dueRest = new Float64Array(n);
    this.#head = new Int32Array(slots + 1).fill(-1);
    this.#tail = new Int32Array(slots + 1).fill(-1);
    this.#next = new Int32Array(n);
    this.#before = new Int32Array(n);
    this.#listOf = new Uint32Array(n);
    this.#mask = slots - 1;
    this.#order = order?.slice() ?? Uint32Array.from(weights, (_, index) => index);
    this.#turns = turns.map((turn) => (turn < 0 ? random.below(TWO_POW_32) / TWO_POW_32 : turn));
    this.#start(weights);
  }

  /** The index whose turn it is. Moves the hand, which takes nobody's turn. */
  get first(): number {
    const due = this.#mask + 1;
    while (this.#head[due]! < 0) this.#advance();
    return this.#head[due]!;
  }

  /** In how many slots an index is due, as a number to compare with others'. */
  slotsUntil(index: number): number {
    return this.#dueSlot[index]! - this.#slot + this.#dueRest[index]! / this.#weights[index]!;
  }

  /** How many of its own turns an index is from its next one: what a new wheel needs to go on from here. */
  turnsUntil(index: number): number {
    // A slot in which nothing is left to be done is over.
    const passed = this.#head[this.#mask + 1]! < 0 ? 1 : 0;
    const weight = this.#weights[index]!;
    const turn = this.#turnSlots[index]! + this.#turnRest[index]! / weight;
    return (this.slotsUntil(index) - passed) / turn;
  }

  /** Gives `index` its next turn now, whoever is first. O(1) */
  take(index: number): void {
    this.#even++;
    this.#postpone(index);
  }

  /**
   * Like `take` for a turn that the wheel did not choose. What an index can owe is bounded: to a turn, and as many slots as there
   * are indices, ahead of the even time; and that to as many slots ahead of the hand.
   */
  charge(index: number): void {
    const n = this.#next.length;
    this.#even = Math.min(Math.max(this.#even + 1, this.#slot - n), this.#slot + n);
    if (this.#dueSlot[index]! <= this.#even + this.#turnSlots[index]! + n) this.#postpone(index);
    while (this.#head[this.#mask + 1]! < 0 && this.#slot < this.#even) this.#advance();
  }

  /**
   * Gives `index` its next turn though another one is first, and keeps its own. If `index` then owes more than `charge` allows, the
   * first one has held all others up for long; time goes on for them, so that no debt grows without bound. O(1), then O(n).
   */
  takeEarly(index: number): void {
    this.take(index);
    const excess = this.#dueSlot[index]! - this.#slot - this.#turnSlots[index]! - this.#next.length;
    if (excess > 0) this.#bringNearer(excess);
  }

  /**
   * Gives `index` its next turn though another one may be first, as often as the caller likes: the first one is asked again until it
   * has waited for a turn of its own, then it loses this one, and time goes on by as much. The hand stays as near to the even time as
   * to let it wait, and what `index` can owe is bounded as `charge` bounds it. O(1) amortised
   */
  takeInstead(index: number): void {
    const first = this.first;
    if (index === first) return this.take(index);
    const n = this.#next.length;
    const longestWait = LONGEST_WAIT_ROUNDS * n;
    this.#even = Math.min(Math.max(this.#even + 1, this.#slot), this.#slot + longestWait + n);
    if (this.#dueSlot[index]! <= this.#even + this.#turnSlots[index]! + n) this.#postpone(index);
    if (this.#even - this.#dueSlot[first]! > Math.min(this.#turnSlots[first]!, longestWait)) this.take(first);
  }

  /** Indices in order of their next turns, as far as one revolution tells. Valid until the next call of anything. O(n) */
  inOrder(): Uint32Array {
    let count = this.#collect(this.#mask + 1, 0);
    for (let ahead = 1; ahead <= this.#mask + 1; ahead++) {
      count = this.#collect((this.#slot + ahead) & this.#mask, count);
    }
    return this.#order;
  }

  /** Changes the weights; everyone keeps the part of a turn that is left. O(n), creates no object. */
  reweigh(weights: Float64Array): void {
    for (let index = 0; index < this.#turns.length; index++) this.#turns[index] = this.turnsUntil(index);
    this.inOrder();
    this.#start(weights);
  }

  /** Puts everyone where `#turns` says, in the order of `#order`. */
  #start(weights: Float64Array): void {
    const n = weights.length;
    let total = 0;
    for (let index = 0; index < n; index++) total += weights[index]!;
    this.#slot = this.#even = 0;
    this.#head.fill(-1);
    this.#tail.fill(-1);
    for (let k = 0; k < n; k++) {
      const index = this.#order[k]!;
      const weight = Math.max(weights[index]!, total * LEAST_PART);
      const turnSlots = Math.floor(total / weight);
      this.#weights[index] = weight;
      this.#turnSlots[index] = turnSlots;
      this.#turnRest[index] = Math.max(0, total - turnSlots * weight);
      this.#settle(index, (this.#turns[index]! * total) / weight);
    }
  }

  /** @param slots until it is due; bounded as `charge` bounds it, since a debt of short turns must not become one of long ones */
  #settle(index: number, slots: number): void {
    const weight = this.#weights[index]!;
    const bounded = Math.min(slots, 2 * (this.#turnSlots[index]! + this.#next.length));
    const whole = Math.floor(bounded);
    const rest = Math.round(((bounded - whole) * weight) / GRAIN) * GRAIN;
    this.#dueSlot[index] = rest < weight ? whole : whole + 1;
    this.#dueRest[index] = rest < weight ? rest : 0;
    this.#append(index);
  }

  #postpone(index: number): void {
    this.#remove(index);
    const weight = this.#weights[index]!;
    const rest = this.#dueRest[index]! + this.#turnRest[index]!;
    const isCarried = rest >= weight;
    this.#dueSlot[index] = this.#dueSlot[index]! + this.#turnSlots[index]! + (isCarried ? 1 : 0);
    this.#dueRest[index] = isCarried ? rest - weight : rest;
    this.#append(index);
  }

  /** Everyone whose turn is still to come gets it so many slots earlier, though not before now. */
  #bringNearer(slots: number): void {
    const due = this.#mask + 1;
    for (let index = 0; index < this.#next.length; index++) {
      if (this.#listOf[index] === due) continue;
      this.#remove(index);
      this.#dueSlot[index] = Math.max(this.#slot, this.#dueSlot[index]! - slots);
      this.#append(index);
    }
  }

  /** Moves the hand to the next slot. */
  #advance(): void {
    this.#slot++;
    for (let index = this.#head[this.#slot & this.#mask]!; index >= 0;) {
      const next = this.#next[index]!;
      if (this.#dueSlot[index]! <= this.#slot) {
        this.#remove(index);
        this.#append(index);
      }
      index = next;
    }
  }

  #append(index: number): void {
    const dueSlot = this.#dueSlot[index]!;
    const list = dueSlot <= this.#slot ? this.#mask + 1 : dueSlot & this.#mask;
    const last = this.#tail[list]!;
    this.#listOf[index] = list;
    this.#before[index] = last;
    this.#next[index] = -1;
    if (last < 0) this.#head[list] = index;
    else this.#next[last] = index;
    this.#tail[list] = index;
  }

  #remove(index: number): void {
    const list = this.#listOf[index]!;
    const before = this.#before[index]!;
    const next = this.#next[index]!;
    if (before < 0) this.#head[list] = next;
    else this.#next[before] = next;
    if (next < 0) this.#tail[list] = before;
    else this.#before[next] = before;
  }

  #collect(list: number, start: number): number {
    let count = start;
    for (let index = this.#head[list]!; index >= 0; index = this.#next[index]!) this.#order[count++] = index;
    return count;
  }
}
