/**
 * A resolver by itself: real name servers and files, and time that stands still.
 */
import type { EndpointOptions, Random, Resolver, ResolverIo } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import type { ManualClock } from '@evenkeel/core/testing';
import { resolverIo } from '../../../packages/core/src/dispatch/resolver-io.ts';

export interface Rig extends AsyncDisposable {
  readonly clock: ManualClock;
  /** What the resolver told with `fail`. */
  readonly failures: unknown[];
  /** The next set. */
  next(): Promise<readonly (string | EndpointOptions)[]>;
}

/** In the middle, so that a jitter of up to 10 % is one of 5 %. */
const HALF: Random = { ...seeded(), unit: () => 0.5 };

/** @param change puts something else in the place of a part of the real world */
export function rig(resolver: Resolver, change: (io: ResolverIo) => Partial<ResolverIo> = () => ({})): Rig {
  const clock = manualClock();
  const failures: unknown[] = [];
  const abort = new AbortController();
  const io = resolverIo(clock, HALF, abort.signal, (error) => failures.push(error));
  const iterator = resolver.resolve({ ...io, ...change(io) })[Symbol.asyncIterator]();
  let pending: Promise<unknown> = Promise.resolve();
  return {
    clock,
    failures,
    async next() {
      const step = iterator.next();
      pending = step.catch(() => undefined);
      const { done, value } = await step;
      if (done === true) throw new Error('the resolver ended');
      return value;
    },
    async [Symbol.asyncDispose]() {
      abort.abort(new Error('the test is over'));
      await pending;
      await iterator.return?.();
    },
  };
}
