/**
 * A resolver that says what the test says, and a cluster that listens to it.
 */
import { createCluster } from '@evenkeel/core';
import type { Cluster, ClusterOptions, EndpointOptions, Resolver } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import type { ManualClock } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';

/** What a resolver may yield. */
export type EndpointSet = readonly (string | EndpointOptions)[];

/** A resolver that says what the test says. */
export interface Scripted extends Resolver {
  /** When it was started. */
  readonly starts: number[];
  say(step: EndpointSet | Error | 'end'): Promise<void>;
}

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function scripted(): Scripted {
  const steps: (EndpointSet | Error | 'end')[] = [];
  const starts: number[] = [];
  let wake = (): void => undefined;
  return {
    name: 'scripted',
    starts,
    async say(step) {
      steps.push(step);
      wake();
      await settle();
    },
    async *resolve(io) {
      starts.push(io.now());
      for (;;) {
        while (steps.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const step = steps.shift()!;
        if (step instanceof Error) throw step;
        if (step === 'end') return;
        yield step;
      }
    },
  };
}

export interface Discovered {
  readonly resolver: Scripted;
  readonly cluster: Cluster;
  readonly clock: ManualClock;
  readonly failures: string[];
  readonly counts: number[];
  ids(): string[];
}

export function discovered(options: Partial<ClusterOptions> = {}): Discovered {
  const resolver = scripted();
  const clock = manualClock();
  const cluster = closing(createCluster({ endpoints: resolver, clock, random: seeded(1), ...options }));
  const [failures, counts]: [string[], number[]] = [[], []];
  cluster.on('resolveFailed', (error) => failures.push(error.message));
  cluster.on('resolved', (count) => counts.push(count));
  return { resolver, cluster, clock, failures, counts, ids: () => cluster.endpoints.map(({ id }) => id) };
}
