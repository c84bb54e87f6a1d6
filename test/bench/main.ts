/**
 * Side by side: our proxies and their peers in one interleaved run. The README beside this says how to read what it prints.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BASELINE, CANDIDATES } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import { Worker, canPin } from './ipc.ts';
import type { LoadOrder } from './load/load-process.ts';
import { conditions } from './machine.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { notes, table } from './table.ts';
import type { Row } from './table.ts';
import { takeTurn } from './turn.ts';
import type { Contestant, Turn } from './turn.ts';

const USAGE = `pnpm bench [options]
  --seconds <n>      length of a turn (default 0.2)
  --rounds <n>       turns of each candidate per scenario (default 50)
  --connections <n>  keep-alive connections of the clients (default 64)
  --scenario <names> ${SCENARIOS.map(({ name }) => name).join(', ')}; several with commas (default: all but get-1m)
  --only <words>     candidates with one of these words in their name, and the baseline; several with commas
  --profile <folder> have each candidate write a CPU profile there; read it with test/bench/profile.ts
  --smoke            a few seconds in all, to see that every candidate answers without an error`;

const ENDPOINTS = 4;
/** Ten thousands of requests, so that V8 has compiled what it will. */
const WARM_UP_MS = 2_500;

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '0.2' },
    rounds: { type: 'string', default: '50' },
    connections: { type: 'string', default: '64' },
    scenario: { type: 'string' },
    only: { type: 'string' },
    profile: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Runner {
  readonly name: string;
  readonly worker: Worker;
  readonly port: number;
}

interface Plan {
  readonly candidates: readonly Candidate[];
  readonly scenarios: readonly Scenario[];
  readonly turnMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly connections: number;
  readonly isPinned: boolean;
}

function plan(): Plan {
  return {
    candidates: CANDIDATES.filter(
      ({ name }) =>
        args.only === undefined || name === BASELINE || args.only.split(',').some((word) => name.includes(word)),
    ),
    scenarios: args.scenario?.split(',').map(scenarioOf) ?? SCENARIOS.filter(({ isOptional }) => !isOptional),
    turnMs: args.smoke ? 100 : positive('seconds') * 1_000,
    warmUpMs: args.smoke ? 0 : WARM_UP_MS,
    rounds: args.smoke ? 1 : positive('rounds'),
    connections: positive('connections'),
    isPinned: canPin(),
  };
}

function positive(name: 'seconds' | 'rounds' | 'connections'): number {
  const value = Number(args[name]);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, got ${args[name]}`);
}

function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined)
    throw new Error(`no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  return scenario;
}

async function startRunner({ name }: Candidate, origins: readonly string[], isPinned: boolean): Promise<Runner> {
  const flags = args.profile === undefined ? [] : profileFlags(name, args.profile);
  const worker = new Worker(name, 'proxy-process.ts', [name, ...origins], isPinned ? 0 : undefined, flags);
  return { name, worker, port: await worker.ask<number>('start') };
}

function profileFlags(name: string, folder: string): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name.replaceAll(/\W+/g, '-')}.cpuprofile`];
}

/** In every round another candidate begins, so that no one always follows the same neighbour's heat. */
async function measure(runners: readonly Runner[], load: Worker, scenario: Scenario, how: Plan): Promise<Row[]> {
  const { turnMs, warmUpMs, rounds, connections } = how;
  const contestants: (Contestant & Row & { readonly turns: Turn[] })[] = [];
  for (const { name, worker, port } of runners) {
    const group = await load.ask<number>('open', { port, scenario, connections } satisfies LoadOrder);
    contestants.push({ name, worker, group, turns: [] });
  }
  if (warmUpMs > 0) for (const contestant of contestants) await takeTurn(contestant, load, warmUpMs);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const contestant = contestants[(i + round) % contestants.length]!;
      contestant.turns.push(await takeTurn(contestant, load, turnMs));
    }
  }
  for (const { group } of contestants) await load.ask('close', group);
  return contestants;
}

function report(scenario: Scenario, rows: readonly Row[]): boolean {
  // Cold code says nothing about speed.
  if (args.smoke) console.log(`${scenario.name}: every one of ${rows.map(({ name }) => name).join(', ')} was asked`);
  else console.log(`\n${scenario.name}\n\n${table(rows)}\n\n${notes(rows).join('\n')}`);
  const failed = rows.filter(({ turns }) => turns.some(({ errors }) => errors > 0));
  for (const { name, turns } of failed) {
    console.log(`${name} failed: ${turns.find(({ firstError }) => firstError !== undefined)?.firstError}`);
  }
  return failed.length === 0;
}

async function main(): Promise<void> {
  if (args.help) return console.log(USAGE);
  const planned = plan();
  const otherCore = planned.isPinned ? availableParallelism() - 1 : undefined;
  const upstream = new Worker('endpoints', 'upstream-process.ts', [], otherCore, []);
  const load = new Worker('clients', 'load/load-process.ts', [], otherCore, []);
  const runners: Runner[] = [];
  try {
    const origins = await upstream.ask<string[]>('start', ENDPOINTS);
    for (const candidate of planned.candidates) runners.push(await startRunner(candidate, origins, planned.isPinned));
    console.log(conditions(planned.isPinned).join('\n'));
    for (const scenario of planned.scenarios) {
      if (!report(scenario, await measure(runners, load, scenario, planned))) process.exitCode = 1;
    }
  } finally {
    await Promise.all([upstream, load, ...runners.map(({ worker }) => worker)].map((worker) => worker.stop()));
  }
}

await main();
