/**
 * The process of one line: `line.ts speed <candidate> <endpoints>` or `line.ts size <strategy> <endpoints>` prints one JSON object.
 */
import { CANDIDATES } from './candidates.ts';

/** Of many short stretches one at least is undisturbed. */
const STRETCHES = 60;
/** As long as a stretch may be; slow candidates do less. */
const STRETCH_NS = 2e6;
const WARM_UP_NS = 3e8;
/** More than the compiler takes notice of, so that everything that will be compiled is. */
const WARM_UP_OPERATIONS = 100_000;
const COUNTED = 200_000;

/** What `speed` says. */
export interface Speed {
  readonly buildMs: number;
  /** Per operation, of each stretch. */
  readonly ns: readonly number[];
  /** Allocated per operation. */
  readonly bytes: number;
}

/** What `size` says. */
export interface Size {
  readonly bytesPerEndpoint: number;
  readonly rebuildMs: readonly number[];
  readonly updateMs: readonly number[];
}

function nsOf(task: () => void): number {
  const start = process.hrtime.bigint();
  task();
  return Number(process.hrtime.bigint() - start);
}

async function speed(name: string, endpoints: number): Promise<Speed> {
  const make = await CANDIDATES.find((candidate) => candidate.name === name)!.load();
  const start = performance.now();
  const work = make(endpoints);
  const buildMs = performance.now() - start;
  const batch = 1_000;
  let spent = 0;
  let done = 0;
  for (; spent < WARM_UP_NS || done < WARM_UP_OPERATIONS; done += batch) spent += nsOf(() => work.run(batch));
  const operations = Math.ceil(Math.max(1, STRETCH_NS / (spent / done) / batch)) * batch;
  const ns = Array.from({ length: STRETCHES }, () => {
    work.between?.();
    // What went on in between has taken the caches.
    work.run(operations);
    return nsOf(() => work.run(operations)) / operations;
  });
  const counted = Math.min(COUNTED, 20 * operations);
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  work.run(counted);
  return { buildMs, ns, bytes: Math.max(0, process.memoryUsage().heapUsed - before) / counted };
}

/** What is in use, with nothing that is waiting to be collected. */
function bytesInUse(): number {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function size(strategy: string, endpoints: number): Promise<Size> {
  const { clusterOf, urlsOf } = await import('./ours.ts');
  // The first cluster brings code and tables with it that all share.
  clusterOf(strategy, urlsOf(10)).update(urlsOf(10));
  const urls = urlsOf(endpoints);
  const before = bytesInUse();
  const cluster = clusterOf(strategy, urls);
  const bytesPerEndpoint = (bytesInUse() - before) / endpoints;
  const { id } = cluster.endpoints[0]!;
  const rebuildMs = Array.from({ length: 10 }, () => [
    nsOf(() => cluster.disable(id)) / 1e6,
    nsOf(() => cluster.enable(id)) / 1e6,
  ]).flat();
  const updateMs = Array.from({ length: 5 }, () => nsOf(() => cluster.update(urls)) / 1e6);
  return { bytesPerEndpoint, rebuildMs, updateMs };
}

const [what, name, endpoints] = process.argv.slice(2) as [string, string, string];
console.log(JSON.stringify(await (what === 'size' ? size : speed)(name, Number(endpoints))));
