/**
 * Runs a fuzzer: several lanes side by side, each with its own part of the seeds, and what fails made small.
 */
import fc from 'fast-check';
import { Finding } from './lane.ts';

/** Where cases run, one after the other. */
export interface Stage<Case> {
  /** @returns what happened, in words to be counted. @throws Finding */
  run(given: Case): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Fuzzer<Case> {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<Case>;
  start(): Promise<Stage<Case>>;
  /** The bytes of a case. */
  bytesOf(given: Case): string;
  /** The same case with other bytes, and all else as plain as it gets. */
  plain(given: Case, bytes: string): Case;
  show(given: Case): string;
}

export interface FuzzOptions {
  readonly runs: number;
  /** An integer. The same seed, runs and lanes give the same cases. */
  readonly seed: number;
  readonly lanes: number;
  /** ms spent on making a case that fails small; a hang costs seconds at each try. @default 40_000 */
  readonly shrinkMs?: number;
}

/** How often each thing happened. */
export type Tally = Record<string, number>;

/** @throws Finding, with the smallest case that was found to fail */
export async function fuzz<Case>(fuzzer: Fuzzer<Case>, options: FuzzOptions): Promise<Tally> {
  const { runs, seed, lanes, shrinkMs = 40_000 } = options;
  const tally: Tally = {};
  const parts = Array.from({ length: lanes }, (_, lane) => Math.floor((runs + lane) / lanes));
  const ends = await Promise.allSettled(
    parts.map((part, lane) => fuzzLane(fuzzer, part, seed * 1_000 + lane, tally, shrinkMs)),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return tally;
}

/** What each lane is busy with, for when the process does not survive it. */
export const underWay: Set<() => string> = new Set();

async function fuzzLane<Case>(
  fuzzer: Fuzzer<Case>,
  runs: number,
  seed: number,
  tally: Tally,
  shrinkMs: number,
): Promise<void> {
  let stage = await fuzzer.start();
  let isDirty = false;

  async function attempt(given: Case): Promise<void> {
    if (isDirty) {
      await stage.close().catch(() => undefined);
      stage = await fuzzer.start();
    }
    isDirty = true;
    const show = (): string => fuzzer.show(given);
    underWay.add(show);
    for (const what of await stage.run(given)) tally[what] = (tally[what] ?? 0) + 1;
    underWay.delete(show);
    isDirty = false;
  }

  try {
    const result = await fc.check(fc.asyncProperty(fuzzer.arbitrary, attempt), {
      numRuns: runs,
      seed,
      endOnFailure: true,
    });
    if (!result.failed) return await stage.close();
    const [first] = result.counterexample!;
    throw await smallest(
      fuzzer,
      first,
      result.errorInstance,
      attempt,
      `seed ${result.seed}, path ${result.counterexamplePath}`,
      shrinkMs,
    );
  } catch (error) {
    // What was found comes first; that the stage does not close either may be one more effect of it.
    await stage.close().catch(() => undefined);
    throw error;
  }
}

/** Leaves out what can be left out, in ever smaller pieces, as long as it still fails. */
async function smallest<Case>(
  fuzzer: Fuzzer<Case>,
  first: Case,
  firstError: unknown,
  attempt: (given: Case) => Promise<void>,
  where: string,
  shrinkMs: number,
): Promise<Finding> {
  let [least, error] = [first, firstError];
  const givenUpAt = performance.now() + shrinkMs;

  async function isEnough(bytes: string): Promise<boolean> {
    const candidate = fuzzer.plain(least, bytes);
    const failure = await attempt(candidate).catch((reason: unknown) => reason);
    if (!(failure instanceof Finding)) return false;
    [least, error] = [candidate, failure];
    return true;
  }

  if (shrinkMs > 0) await isEnough(fuzzer.bytesOf(least));
  for (let size = fuzzer.bytesOf(least).length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < fuzzer.bytesOf(least).length && performance.now() < givenUpAt;) {
      const bytes = fuzzer.bytesOf(least);
      if (!(await isEnough(bytes.slice(0, from) + bytes.slice(from + size)))) from += size;
    }
  }
  const why = error instanceof Error ? error.message : String(error);
  return new Finding(`${fuzzer.name} (${where}): ${why}\n  with ${fuzzer.show(least)}`, { cause: error });
}

/** Bytes as a string literal; what repeats is only counted. */
export function escaped(bytes: string): string {
  return JSON.stringify(bytes)
    .replaceAll(/[\x7f-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
    .replaceAll(/([^\\])\1{63,}/g, (run, byte: string) => `${byte}{${run.length} times}`);
}
