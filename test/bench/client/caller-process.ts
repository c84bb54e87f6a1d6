/**
 * One caller in a process of its own, which is client and candidate at once: `caller-process.ts <caller> <origin> <bytes>`.
 */
import { answer } from '../ipc.ts';
import { Histogram } from '../load/histogram.ts';
import { ownUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';
import { CALLERS } from './callers.ts';

/** What came of one turn. */
export interface CallResult extends Usage {
  readonly calls: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [name, origin, bytes] = process.argv.slice(2);
const call = CALLERS.find((one) => one.name === name)!.start(origin!, `/bytes/${bytes}`);
const latencies = new Histogram();
const counts = { calls: 0, errors: 0, firstError: undefined as string | undefined };

/** One call after the other until the turn is over. */
async function caller(until: number): Promise<void> {
  for (let now = performance.now(); now < until;) {
    try {
      const received = await call();
      if (received !== Number(bytes)) throw new Error(`a body of ${received} bytes`);
    } catch (error) {
      counts.errors++;
      counts.firstError ??= (error as Error).message;
    }
    counts.calls++;
    const after = performance.now();
    latencies.add(after - now);
    now = after;
  }
}

answer({
  turn: async ({ ms, atOnce }: { ms: number; atOnce: number }): Promise<CallResult> => {
    latencies.reset();
    Object.assign(counts, { calls: 0, errors: 0, firstError: undefined });
    const startedAt = performance.now();
    const before = ownUsage();
    await Promise.all(Array.from({ length: atOnce }, () => caller(startedAt + ms)));
    const after = ownUsage();
    return {
      ...counts,
      ms: performance.now() - startedAt,
      p50Ms: latencies.quantile(0.5),
      p99Ms: latencies.quantile(0.99),
      cpuUs: after.cpuUs - before.cpuUs,
      rssBytes: after.rssBytes,
    };
  },
});
