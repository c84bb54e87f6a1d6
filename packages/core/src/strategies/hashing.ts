/**
 * What `rendezvousHash()`, `ringHash()` and `maglev()` share: a request goes where its key belongs, and a retry to the key's next
 * endpoint. Keys belong to the identity of an endpoint (`id`), never to its address, and to the same one in every process that knows the
 * same endpoints. A request without a key is placed at random, in proportion to the weights: as one key among others, it would put
 * everything that has none on one endpoint.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import { AliasTable } from '../lib/alias-table.ts';
import { membersOf } from '../lib/members.ts';
import type { Members } from '../lib/members.ts';
import type { Except, Placement } from '../lib/placement.ts';
import type { Random } from '../lib/random.ts';
import { integerIn, v } from '../options.ts';
import { boundedLoadSchema, LoadBound } from './bounded-load.ts';
import type { BoundedLoadOptions } from './bounded-load.ts';
import type { Candidate, Picker, PickerExplanation } from './strategy.ts';
import { isTried } from './tried.ts';

/** Options that all hashing strategies take. */
export interface HashOptions {
  /** Another one gives an arrangement that has nothing to do with the first, 0..2^32-1. The same in all processes. @default 0 */
  readonly seed?: number;
  /** What is too much for one endpoint, so that it goes to another one in spite of its key. @default none */
  readonly boundedLoad?: BoundedLoadOptions;
}

/** The options with the defaults filled in. */
export interface ResolvedHashOptions {
  readonly seed: number;
  readonly boundedLoad?: BoundedLoadOptions | undefined;
}

/** The schema's part that all hashing strategies share. */
export const hashEntries: {
  readonly seed: v.OptionalSchema<v.GenericSchema<number>, 0>;
  readonly boundedLoad: v.OptionalSchema<v.GenericSchema<unknown, BoundedLoadOptions>, undefined>;
} = {
  seed: v.optional(integerIn(0, 2 ** 32 - 1), 0),
  boundedLoad: v.optional(boundedLoadSchema),
};

/** Places the members of a set. */
export type Place = (members: Members, weights: Float64Array) => Placement;

/** Draws until one will do, before the endpoints are looked at one by one. */
const DRAWS = 8;

/** How many endpoints an explanation names. */
const EXPLAINED = 16;

export class HashPicker<E extends Endpoint> implements Picker<E>, Except {
  /** In the order of their identities, which is that of the placement. */
  readonly #endpoints: readonly E[];
  readonly #options: ResolvedHashOptions;
  readonly #members: Members;
  readonly #weights: Float64Array;
  readonly #placement: Placement;
  readonly #random: Random;
  readonly #table: AliasTable;
  readonly #bound: LoadBound | undefined;
  // What `isTried` and `isFull` are about.
  #tried: readonly Endpoint[] | undefined = undefined;
  #isBounded = false;

  /** @param previous the picker to replace; its table stays in use if the endpoints and their weights are the same */
  constructor(endpoints: readonly E[], random: Random, options: ResolvedHashOptions, place: Place, previous: unknown) {
    if (previous instanceof HashPicker && previous.#isAbout(endpoints, options)) {
      this.#members = previous.#members;
      this.#weights = previous.#weights;
      this.#placement = previous.#placement;
    } else {
      const ids = endpoints.map(({ id }) => id);
      this.#members = membersOf(ids, options.seed);
      this.#weights = Float64Array.from(this.#members.order, (index) => endpoints[index]!.weight);
      this.#placement = place(this.#members, this.#weights);
    }
    this.#endpoints = Array.from(this.#members.order, (index) => endpoints[index]!);
    this.#options = options;
    this.#random = random;
    this.#table = new AliasTable(this.#weights, random);
    this.#bound = options.boundedLoad && new LoadBound(this.#endpoints, options.boundedLoad.factor);
  }

  pick(context: PickContext): E | undefined {
    const { key, tried } = context;
    this.#bound?.refresh(context.now);
    if (key === 0) return this.#endpoints[this.#drawn(context)];
    if (tried === undefined && context.attempt > 0) return this.#endpoints[this.#nth(context)];
    const index = this.#find(context, tried);
    return this.#endpoints[index < 0 ? this.#nth(context) : index];
  }

  explain(context: PickContext): PickerExplanation {
    this.#bound?.refresh(context.now);
    if (context.key === 0) {
      return { regime: 'random', candidates: this.#endpoints.map((endpoint) => ({ endpoint, score: undefined })) };
    }
    const tried = context.tried?.filter((endpoint) => this.#endpoints.some((other) => other === endpoint)) ?? [];
    const isRepeat = context.tried === undefined || tried.length === this.#endpoints.length;
    const skipped = isRepeat ? this.#orderOf(context, [], context.attempt % this.#endpoints.length) : tried;
    const order = this.#orderOf(context, skipped, EXPLAINED);
    this.#begin(skipped, false);
    const home = this.#placement.owner(context.key);
    const isHome = this.isTried(home) || order[0] === this.#endpoints[home];
    const candidates = order.map((endpoint, score): Candidate => ({ endpoint, score }));
    return { regime: isHome ? 'hash' : 'overflow', candidates };
  }

  isTried(index: number): boolean {
    return this.#tried !== undefined && isTried(this.#endpoints[index]!, this.#tried);
  }

  isFull(index: number): boolean {
    return this.#isBounded && this.#bound!.isFull(index);
  }

  #isAbout(endpoints: readonly Endpoint[], options: ResolvedHashOptions): boolean {
    const { order } = this.#members;
    if (this.#options !== options || order.length !== endpoints.length) return false;
    for (let i = 0; i < order.length; i++) {
      const { id, weight } = endpoints[order[i]!]!;
      if (id !== this.#endpoints[i]!.id || weight !== this.#weights[i]) return false;
    }
    return true;
  }

  #begin(tried: readonly Endpoint[] | undefined, isBounded: boolean): void {
    this.#tried = tried;
    this.#isBounded = isBounded && this.#bound !== undefined;
  }

  #isExcept(index: number): boolean {
    return this.isTried(index) || this.isFull(index);
  }

  /** Where the key belongs, as though the tried ones were not there; -1 if all are tried. */
  #find({ key, now }: PickContext, tried: readonly Endpoint[] | undefined): number {
    this.#begin(tried, true);
    const home = this.#placement.owner(key);
    if (!this.#isExcept(home)) return home;
    let index = this.#placement.ownerExcept(key, this);
    if (index >= 0 || this.#bound === undefined) return index;
    // The total may be one of a minute ago; if not, all that are below their bound were tried, and a retry is worth more than the bound.
    if (this.#bound.count(now)) index = this.#placement.ownerExcept(key, this);
    if (index >= 0) return index;
    this.#begin(tried, false);
    return this.#placement.ownerExcept(key, this);
  }

  /** For whoever counts attempts and names none, and when all were tried: the key's endpoints in order, over and over. */
  #nth(context: PickContext): number {
    const rank = context.attempt % this.#endpoints.length;
    return this.#find(context, rank === 0 ? undefined : this.#orderOf(context, [], rank));
  }

  /** The first endpoints that the key would go to, one after the other failing, behind those that have failed already. */
  #orderOf(context: PickContext, failed: readonly Endpoint[], count: number): E[] {
    const tried = [...failed];
    const order: E[] = [];
    while (order.length < count) {
      const index = this.#find(context, tried);
      if (index < 0) break;
      order.push(this.#endpoints[index]!);
      tried.push(this.#endpoints[index]!);
    }
    return order;
  }

  #drawn({ tried, now }: PickContext): number {
    this.#begin(tried, true);
    const index = this.#drawnExcept();
    if (index >= 0) return index;
    if (this.#bound?.count(now) === true) {
      const late = this.#drawnExcept();
      if (late >= 0) return late;
    }
    this.#begin(tried, false);
    const full = this.#drawnExcept();
    return full >= 0 ? full : this.#table.draw();
  }

  #drawnExcept(): number {
    for (let i = 0; i < DRAWS; i++) {
      const index = this.#table.draw();
      if (!this.#isExcept(index)) return index;
    }
    const n = this.#endpoints.length;
    const start = this.#random.below(n);
    for (let i = 0; i < n; i++) {
      const index = (start + i) % n;
      if (!this.#isExcept(index)) return index;
    }
    return -1;
  }
}
