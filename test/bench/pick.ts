/**
 * What balancing itself costs: ns and bytes for pick + begin + report + end, per strategy and number of endpoints. Every line is
 * measured in processes of its own, as an application has one strategy and V8 compiles for it.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCluster, leastRequest, peakEwma, roundRobin } from '@evenkeel/core';
import type { Cluster, Endpoint, PickContext, Strategy } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { median } from './table.ts';

const SIZES = [4, 100, 10_000];
const STRATEGIES: Readonly<Record<string, () => Strategy>> = { roundRobin, leastRequest, peakEwma };
/** Processes per line, taking turns. */
const ROUNDS = 3;
const STRETCHES = 8;
const PICKS = 200_000;
/** Requests in flight at a time: with none, every choice would be the same. */
const INFLIGHT = 64;
/** A young generation that no collection disturbs while bytes are counted, and no compiler thread that allocates meanwhile. */
const FLAGS = [
  '--expose-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  '--no-concurrent-recompilation',
];

interface Context extends PickContext {
  now: number;
}

/** Requests that begin and end in order, each of them some ms long by the clock that it is told. */
class Traffic {
  readonly #cluster: Cluster;
  readonly #context: Context = { now: 1.5, key: 0, attempt: 0, preferred: undefined, tried: undefined };
  readonly #inflight: Endpoint[] = [];
  readonly #startedAt = new Float64Array(INFLIGHT);
  #at = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    for (let i = 0; i < INFLIGHT; i++) this.#inflight.push(this.#begin(i));
  }

  run(picks: number): void {
    for (let i = 0; i < picks; i++) {
      const at = (this.#at = (this.#at + 1) % INFLIGHT);
      const endpoint = this.#inflight[at]!;
      this.#context.now += 0.02;
      this.#cluster.report(endpoint, 'success', this.#startedAt[at]!, this.#context.now);
      this.#cluster.end(endpoint);
      this.#inflight[at] = this.#begin(at);
    }
  }

  #begin(at: number): Endpoint {
    const { now } = this.#context;
    const endpoint = this.#cluster.pick(this.#context)!;
    this.#cluster.begin(endpoint, now);
    this.#startedAt[at] = now;
    return endpoint;
  }
}

interface Result {
  readonly ns: readonly number[];
  readonly bytes: number;
}

/** In the process of one line. */
function measure(strategy: Strategy, size: number): Result {
  const endpoints = Array.from({ length: size }, (_, i) => `http://10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:80`);
  const traffic = new Traffic(createCluster({ endpoints, strategy, clock: manualClock(), random: seeded(1) }));
  traffic.run(PICKS);
  const ns = Array.from({ length: STRETCHES }, () => {
    const start = process.hrtime.bigint();
    traffic.run(PICKS);
    return Number(process.hrtime.bigint() - start) / PICKS;
  });
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  traffic.run(PICKS);
  return { ns, bytes: Math.max(0, (process.memoryUsage().heapUsed - before) / PICKS) };
}

function measureElsewhere(name: string, size: number): Result {
  const args = [...process.execArgv, ...FLAGS, fileURLToPath(import.meta.url), name, String(size)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Result;
}

function main(): void {
  const lines = SIZES.flatMap((size) =>
    Object.keys(STRATEGIES).map((name) => ({ name, size, results: [] as Result[] })),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, size, results } of lines) results.push(measureElsewhere(name, size));
  }
  console.log(`pick + begin + report + end, ${INFLIGHT} in flight, Node ${process.version}; ns: median (least)\n`);
  console.log('| strategy | endpoints | ns | bytes |\n| --- | ---: | ---: | ---: |');
  for (const { name, size, results } of lines) {
    const ns = results.flatMap((result) => result.ns);
    const bytes = Math.min(...results.map((result) => result.bytes));
    console.log(
      `| ${name} | ${size} | ${median(ns).toFixed(0)} (${Math.min(...ns).toFixed(0)}) | ${bytes.toFixed(2)} |`,
    );
  }
}

const [name, size] = process.argv.slice(2);
if (name === undefined) main();
else console.log(JSON.stringify(measure(STRATEGIES[name]!(), Number(size))));
