/**
 * Runs a resolver and hands on what it finds: whole sets that are good and differ from the last one, at most one a second. What is wrong
 * is told and changes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Resolver, ResolverIo } from '../discovery/resolver.ts';
import { endpointsSchema } from '../endpoint.ts';
import type { EndpointOptions, ResolvedEndpoint } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { resolveOptions, v } from '../options.ts';
import { resolverIo } from './resolver-io.ts';

/** Sets within this time become one: a rolling change comes in many steps, and each rebuilds the picker. As Envoy's window. */
const MERGE_MS = 1_000;

/** A resolver that failed is started again after a time by chance in 1 s to a ceiling, which doubles from 2 s to 30 s. */
const RESTART_MIN_MS = 1_000;
const RESTART_MAX_MS = 30_000;

/** The longest that a timer takes. */
const FOR_EVER_MS = 2 ** 31 - 1;

const setSchema = v.strictObject({ endpoints: endpointsSchema });

/** Told of what was found. */
export interface DiscoveryListener {
  /** Another set than before. */
  found(endpoints: ResolvedEndpoint[]): void;
  /** A good set came, whether or not it is another one. */
  resolved(count: number): void;
  /** The resolver failed, or its set was refused. */
  failed(error: Error): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Discoverer {
  private readonly resolver: Resolver;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly listener: DiscoveryListener;
  private readonly abort = new AbortController();
  private readonly io: ResolverIo;
  private iterator: AsyncIterator<unknown> | undefined = undefined;
  /** What the cluster has. */
  private current: readonly ResolvedEndpoint[] | undefined = undefined;
  /** What it gets when the window is over. */
  private next: ResolvedEndpoint[] | undefined = undefined;
  private cancelMerge: Cancel | undefined = undefined;
  private failures = 0;
  private waiting: Waiting[] = [];
  private cancelHold: Cancel | undefined = undefined;

  constructor(resolver: Resolver, clock: Clock, random: Random, listener: DiscoveryListener) {
    this.resolver = resolver;
    this.clock = clock;
    this.random = random;
    this.listener = listener;
    this.io = resolverIo(clock, random, this.abort.signal, (error) => this.fail(error));
    void this.run();
  }

  /** Resolves when the first set is in use. Holds the process meanwhile, since somebody waits. */
  ready(): Promise<void> {
    if (this.current !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.abort.signal.aborted) return reject(closedBefore(this.resolver));
      this.waiting.push({ resolve, reject });
      this.cancelHold ??= this.clock.schedule(FOR_EVER_MS, () => undefined);
    });
  }

  close(): void {
    if (this.abort.signal.aborted) return;
    this.abort.abort(closedBefore(this.resolver));
    this.cancelMerge?.();
    this.end(this.iterator);
    for (const { reject } of this.release()) reject(closedBefore(this.resolver));
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      try {
        await this.follow();
        return;
      } catch (error) {
        this.fail(error);
      }
      await this.pause();
    }
  }

  /** Takes in sets until there are no more. @throws what the resolver throws, or if there was none at all */
  private async follow(): Promise<void> {
    const iterator = this.resolver.resolve(this.io)[Symbol.asyncIterator]();
    this.iterator = iterator;
    for (;;) {
      const step = await iterator.next();
      if (this.abort.signal.aborted) return;
      if (step.done === true) break;
      this.take(step.value);
    }
    if (this.current === undefined) throw new Error(`resolver ${this.resolver.name}: it ended without a set`);
  }

  private async pause(): Promise<void> {
    const ceilingMs = Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** ++this.failures);
    // It rejects if the cluster is closed meanwhile.
    await this.io.sleep(RESTART_MIN_MS + this.random.unit() * (ceilingMs - RESTART_MIN_MS)).catch(() => undefined);
  }

  private take(set: readonly (string | EndpointOptions)[]): void {
    let endpoints: ResolvedEndpoint[];
    try {
      ({ endpoints } = resolveOptions(`resolver ${this.resolver.name}`, setSchema, { endpoints: set }));
    } catch (error) {
      this.fail(error);
      return;
    }
    this.failures = 0;
    this.next = endpoints;
    this.listener.resolved(endpoints.length);
    if (this.cancelMerge === undefined) this.apply();
  }

  private apply(): void {
    this.cancelMerge = undefined;
    const found = this.next;
    this.next = undefined;
    if (found === undefined || (this.current !== undefined && isSame(this.current, found))) return;
    this.current = found;
    this.cancelMerge = this.clock.schedule(MERGE_MS, () => this.apply(), true);
    try {
      this.listener.found(found);
    } catch (error) {
      // Such as a strategy that cannot be built over this set. It is not the resolver's fault and not the end of it.
      this.fail(error);
    }
    for (const { resolve } of this.release()) resolve();
  }

  private release(): Waiting[] {
    this.cancelHold?.();
    return this.waiting.splice(0);
  }

  private fail(error: unknown): void {
    if (this.abort.signal.aborted) return;
    this.listener.failed(error instanceof Error ? error : new Error(String(error)));
  }

  /** Nobody asks for more. Lets the resolver clean up, in its own time. */
  private end(iterator: AsyncIterator<unknown> | undefined): void {
    const settle = async (): Promise<void> => void (await iterator?.return?.());
    settle().catch(() => undefined);
  }
}

function closedBefore({ name }: Resolver): BalancerError {
  return new BalancerError('CLOSED', `resolver ${name}: the cluster is closed`);
}

/** True if both say the same of the same endpoints, in whatever order. */
function isSame(before: readonly ResolvedEndpoint[], after: readonly ResolvedEndpoint[]): boolean {
  if (before.length !== after.length) return false;
  const known = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
  return after.every((endpoint) => isDeepStrictEqual(endpoint, known.get(endpoint.id)));
}
