/**
 * What a call costs whoever makes it: the cluster's own client beside undici's, on one origin. The README beside this says
 * how to read what it prints.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker, canPin } from './ipc.ts';
import { conditions, versionOf } from './machine.ts';
import { positive } from './plan.ts';
import { table } from './table.ts';
import type { Row } from './table.ts';
import type { Turn } from './turn.ts';
import type { CallResult } from './client/caller-process.ts';
import { CALLERS, POOL_REQUEST } from './client/callers.ts';

const USAGE = `node --conditions=source test/bench/client.ts [options]
  --only <words>     callers with one of these words in their name, and ${POOL_REQUEST}; several with commas
  --bytes <n>        of the response body (default 128)
  --at-once <n>      calls at once, each on a connection of its own (default 64)
  --seconds <n>      length of a turn (default 0.2)
  --rounds <n>       turns of each caller (default 50)
  --profile <folder> have each caller write a CPU profile there; read it with test/bench/profile.ts`;

const WARM_UP_MS = 2_500;

const { values: args } = parseArgs({
  options: {
    only: { type: 'string' },
    bytes: { type: 'string', default: '128' },
    'at-once': { type: 'string', default: '64' },
    seconds: { type: 'string', default: '0.2' },
    rounds: { type: 'string', default: '50' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function flagsFor(name: string): string[] {
  if (args.profile === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${args.profile}`, `--cpu-prof-name=${name.replaceAll(/\W+/g, '-')}.cpuprofile`];
}

async function takeTurn(worker: Worker, ms: number): Promise<Turn> {
  const result = await worker.ask<CallResult>('turn', { ms, atOnce: positive('at-once', args['at-once']) });
  return {
    ...result,
    cpuUs: result.cpuUs / Math.max(1, result.calls),
    perSecond: (result.calls / result.ms) * 1_000,
    clientCpuUs: 0,
  };
}

async function measure(workers: readonly Worker[]): Promise<Row[]> {
  const rows = workers.map(({ name }) => ({ name, turns: [] as Turn[] }));
  for (const worker of workers) await takeTurn(worker, WARM_UP_MS);
  const turnMs = positive('seconds', args.seconds) * 1_000;
  for (let round = 0; round < positive('rounds', args.rounds); round++) {
    for (let i = 0; i < workers.length; i++) {
      const at = (i + round) % workers.length;
      rows[at]!.turns.push(await takeTurn(workers[at]!, turnMs));
    }
  }
  return rows;
}

async function main(): Promise<void> {
  if (args.help) return console.log(USAGE);
  const words = args.only?.split(',') ?? [''];
  const names = CALLERS.map(({ name }) => name).filter(
    (name) => name === POOL_REQUEST || words.some((word) => name.includes(word)),
  );
  const isPinned = canPin();
  const upstream = new Worker(
    'endpoint',
    'upstream-process.ts',
    [],
    isPinned ? availableParallelism() - 1 : undefined,
    [],
  );
  const workers: Worker[] = [];
  try {
    const [origin] = await upstream.ask<string[]>('start', 1);
    for (const name of names) {
      const given = [name, origin!, args.bytes];
      workers.push(new Worker(name, 'client/caller-process.ts', given, isPinned ? 0 : undefined, flagsFor(name)));
    }
    console.log(conditions(isPinned, ['undici', '@evenkeel/core'].map(versionOf)).join('\n'));
    const rows = await measure(workers);
    console.log(`\n${table(rows, [POOL_REQUEST], 'call')}`);
    for (const { name, turns } of rows) {
      const error = turns.find(({ firstError }) => firstError !== undefined)?.firstError;
      if (error === undefined) continue;
      console.log(`${name} failed: ${error}`);
      process.exitCode = 1;
    }
  } finally {
    await Promise.all([upstream, ...workers].map((worker) => worker.stop()));
  }
}

await main();
