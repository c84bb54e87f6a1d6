/**
 * What a session costs the application: `node --conditions=source test/bench/sessions/main.ts [--help]`. Applications with and without
 * sessions take turns under the same load, on one real Redis; the README one folder up says how to read what this prints.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { privateRedis } from '@evenkeel/session-store/testing';
import { canPin, Worker } from '../ipc.ts';
import { conditions, versionOf } from '../machine.ts';
import { positive } from '../plan.ts';
import { table } from '../table.ts';
import type { Row } from '../table.ts';
import { takeTurn } from '../turn.ts';
import type { Contestant, Turn } from '../turn.ts';
import { CANDIDATES } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import type { SessionLoadOrder } from './load-process.ts';
import { WORKS } from './scenarios.ts';
import type { Work } from './scenarios.ts';

const USAGE = `node --conditions=source test/bench/sessions/main.ts [options]
  --work <names>     ${WORKS.join(', ')}; several with commas (default: all)
  --only <words>     candidates with one of these words in their name; several with commas
  --seconds <n>      length of a turn (default 0.2)
  --rounds <n>       turns of each candidate per scenario (default 30)
  --connections <n>  clients, each with a session of its own (default 32)
  --profile <folder> have each candidate write a CPU profile there; read it with test/bench/profile.ts`;

const WARM_UP_MS = 2_000;

interface Plan {
  readonly works: readonly Work[];
  readonly candidates: readonly Candidate[];
  readonly turnMs: number;
  readonly rounds: number;
  readonly connections: number;
  readonly profile: string | undefined;
  readonly isPinned: boolean;
}

/** @returns undefined if help is wanted @throws Error that says what is wrong with the arguments */
function planOf(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      work: { type: 'string' },
      only: { type: 'string' },
      seconds: { type: 'string', default: '0.2' },
      rounds: { type: 'string', default: '30' },
      connections: { type: 'string', default: '32' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const words = values.only?.split(',') ?? [''];
  return {
    works: values.work?.split(',').map(workOf) ?? WORKS,
    candidates: CANDIDATES.filter(({ name }) => words.some((word) => name.includes(word))),
    turnMs: positive('seconds', values.seconds) * 1_000,
    rounds: positive('rounds', values.rounds),
    connections: positive('connections', values.connections),
    profile: values.profile,
    isPinned: canPin(),
  };
}

function workOf(name: string): Work {
  const work = WORKS.find((one) => one === name);
  if (work === undefined) throw new Error(`no work ${name}; there are ${WORKS.join(', ')}`);
  return work;
}

function launch({ name }: Candidate, work: Work, redisUrl: string, { profile, isPinned }: Plan): Worker {
  const file = `${name} ${work}`.replaceAll(/\W+/g, '-');
  const flags =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${file}.cpuprofile`];
  return new Worker(name, 'sessions/app-process.ts', [name, work, redisUrl], isPinned ? 0 : undefined, flags);
}

/** In every round another candidate begins, so that no one always follows the same neighbour's heat. */
async function measure(workers: readonly Worker[], load: Worker, work: Work, plan: Plan): Promise<Row[]> {
  const contestants: (Contestant & Row & { readonly turns: Turn[] })[] = [];
  for (const worker of workers) {
    const port = await worker.ask<number>('start');
    // Whoever keeps no sessions cannot be logged in to.
    const isLoggedIn = work !== 'untouched' && !worker.name.endsWith('without sessions');
    const order: SessionLoadOrder = { port, isLoggedIn, connections: plan.connections };
    contestants.push({ name: worker.name, worker, group: await load.ask<number>('open', order), turns: [] });
  }
  for (const contestant of contestants) await takeTurn(contestant, load, WARM_UP_MS);
  for (let round = 0; round < plan.rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const contestant = contestants[(i + round) % contestants.length]!;
      contestant.turns.push(await takeTurn(contestant, load, plan.turnMs));
    }
  }
  for (const { group } of contestants) await load.ask('close', group);
  return contestants;
}

/** @returns false if anything went wrong */
function report(work: Work, rows: readonly Row[], { candidates }: Plan): boolean {
  for (const framework of ['express', 'koa'] as const) {
    const own = candidates.filter((candidate) => candidate.framework === framework).map(({ name }) => name);
    const shown = rows.filter(({ name }) => own.includes(name));
    const against = own.filter((name) => !name.includes('ours'));
    if (shown.length > 0) console.log(`\n${work}, ${framework}\n\n${table(shown, against, 'request')}`);
  }
  const failed = rows.filter(({ turns }) => turns.some(({ errors }) => errors > 0));
  for (const { name, turns } of failed) {
    console.log(`${name} failed: ${turns.find(({ firstError }) => firstError !== undefined)?.firstError}`);
  }
  return failed.length === 0;
}

async function run(work: Work, plan: Plan, redisUrl: string, load: Worker): Promise<boolean> {
  const workers = plan.candidates.map((candidate) => launch(candidate, work, redisUrl, plan));
  try {
    return report(work, await measure(workers, load, work, plan), plan);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  if (plan === undefined) return console.log(USAGE);
  const redis = await privateRedis();
  const load = new Worker(
    'clients',
    'sessions/load-process.ts',
    [],
    plan.isPinned ? availableParallelism() - 1 : undefined,
    [],
  );
  try {
    const packages = new Set(plan.candidates.flatMap((candidate) => candidate.packages));
    console.log(conditions(plan.isPinned, [...packages].map(versionOf)).join('\n'));
    for (const work of plan.works) if (!(await run(work, plan, redis.url, load))) process.exitCode = 1;
  } finally {
    await load.stop();
    await redis[Symbol.asyncDispose]();
  }
}

await main();
