/**
 * One candidate under load for a while.
 */
import type { Worker } from './ipc.ts';
import type { LoadResult } from './load/load-group.ts';
import type { Usage } from './usage.ts';

/** A candidate that is up, with clients of its own. */
export interface Contestant {
  readonly name: string;
  readonly worker: Worker;
  /** Of clients. */
  readonly group: number;
}

/** What one turn showed. */
export interface Turn {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  readonly clientCpuUs: number;
}

export async function takeTurn({ worker, group }: Contestant, load: Worker, ms: number): Promise<Turn> {
  const before = await worker.ask<Usage>('usage');
  const result = await load.ask<LoadResult>('turn', { group, ms });
  const after = await worker.ask<Usage>('usage');
  const { requests, errors, firstError, p50Ms, p99Ms, ownCpuUs } = result;
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / Math.max(1, requests),
    perSecond: (requests / result.ms) * 1000,
    p50Ms,
    p99Ms,
    rssBytes: after.rssBytes,
    errors,
    firstError,
    clientCpuUs: ownCpuUs,
  };
}
