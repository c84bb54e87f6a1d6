/**
 * Counts the bytes that picks allocate: run with the arguments of allocation.test.ts and `<what> <strategy> <weights>`, it prints a number.
 * The young generation is so large that nothing is collected meanwhile, so the growth of the heap is all that was allocated.
 */
import {
  createCluster,
  leastRequest,
  loadReported,
  maglev,
  peakEwma,
  prequal,
  random,
  rendezvousHash,
  ringHash,
  roundRobin,
  weightedRoundRobin,
} from '@evenkeel/core';
import type { Cluster, Endpoint, PickContext, Strategy } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';

const ROUNDS = 2_000_000;
const WARM_UP = 500_000;
const BATCH = 1_000;

/** Longer than any run: what is done once in a while is not what is counted. */
const NEVER_MS = 2_000_000_000;

const STRATEGIES: Readonly<Record<string, () => Strategy>> = {
  random,
  roundRobin,
  weightedRoundRobin,
  leastRequest,
  peakEwma,
  rendezvousHash,
  ringHash,
  maglev,
  prequal,
  loadReported: () => loadReported({ updateMs: NEVER_MS }),
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * A class, as the exchange is that dispatch passes. A literal may share its shape with another one that has as many properties, where `now` is
 * a function, say; then V8 puts every fraction into a box.
 */
class Context implements Mutable<PickContext> {
  now = 0;
  key = 0;
  attempt = 0;
  preferred = undefined;
  tried = undefined;
}

/** What is counted, one round at a time. The context is the caller's; dispatch passes its exchange, which exists already. */
const PROBES: Readonly<Record<string, (cluster: Cluster, strategy: Strategy) => (context: PickContext) => void>> = {
  picker(cluster, strategy) {
    const picker = strategy.build(cluster.endpoints, seeded(1), undefined);
    return (context) => void picker.pick(context);
  },
  cluster: (cluster) => (context) => void cluster.pick(context),
  attempt: (cluster) => (context) => passThrough(cluster, context),
};

function passThrough(cluster: Cluster, context: PickContext): void {
  const endpoint = cluster.pick(context) as Endpoint;
  cluster.begin(endpoint, context.now);
  cluster.report(endpoint, 'success', context.now, context.now + 3);
  cluster.end(endpoint);
}

/** In batches, so that the loop itself is compiled as early as what it runs: the interpreter allocates a number for every sum. */
function run(round: (context: PickContext) => void, context: Mutable<PickContext>, count: number): void {
  for (let done = 0; done < count; done += BATCH) runBatch(round, context);
}

function runBatch(round: (context: PickContext) => void, context: Mutable<PickContext>): void {
  for (let i = 0; i < BATCH; i++) {
    context.now += stepMs;
    context.key = i + 1;
    round(context);
  }
}

function bytesAllocated(task: () => void): number {
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  task();
  return process.memoryUsage().heapUsed - before;
}

const [what, name, weights] = process.argv.slice(2) as [string, string, 'equal' | 'unlike'];
// A clock gives fractions, and a pick finds one in its context. As an argument a fraction is a number that its caller allocates:
// here that would be the probe.
const stepMs = what === 'attempt' ? 1 : 0.25;
const strategy = STRATEGIES[name]!();
const cluster = createCluster({
  name: 'allocation',
  endpoints: Array.from({ length: 12 }, (_, n) => ({
    url: `http://127.0.0.1:${9000 + n}`,
    weight: weights === 'equal' ? 1 : 1 + (n % 3),
  })),
  strategy,
  clock: manualClock(),
  random: seeded(7),
  // An endpoint's latency is looked at again every sixteenth of this at the latest, by code that runs too seldom to be compiled.
  latencyWindowMs: NEVER_MS,
});
// From the future, so that they stay fresh.
for (const endpoint of cluster.endpoints) {
  cluster.reportLoad(endpoint, 'TEXT named_metrics.rif=3,named_metrics.latency_ms=12.5', NEVER_MS);
}
const context = new Context();
// Latencies are known, as they are in a cluster at work, and what learns them is compiled.
run((each) => passThrough(cluster, each), context, 50_000);
const round = PROBES[what]!(cluster, strategy);
run(round, context, WARM_UP);
console.log(bytesAllocated(() => run(round, context, ROUNDS)));
