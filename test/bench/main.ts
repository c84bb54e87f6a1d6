/**
 * Side by side: our proxies and their peers in one interleaved run. The README beside this says how to read what it prints.
 */
import { availableParallelism } from 'node:os';
import { BASELINE } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import { Worker } from './ipc.ts';
import type { LoadOrder } from './load/load-process.ts';
import { conditions, versionOf } from './machine.ts';
import { nativeVersion } from './native.ts';
import { USAGE, planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { Scenario } from './scenarios.ts';
import { notes, table } from './table.ts';
import type { Row } from './table.ts';
import { takeTurn } from './turn.ts';
import type { Contestant, Turn } from './turn.ts';

const ENDPOINTS = 4;

interface Runner {
  readonly name: string;
  readonly worker: Worker;
  readonly port: number;
}

/** Processes of this scenario's own: what V8 has learned from another is not measured. */
function launch({ name }: Candidate, scenario: Scenario, plan: Plan, origins: readonly string[]): Worker {
  const flags = plan.profile === undefined ? [] : profileFlags(`${scenario.name} ${name}`, plan.profile);
  const args = [name, scenario.protocol, ...origins];
  return new Worker(name, 'proxy-process.ts', args, plan.isPinned ? 0 : undefined, flags);
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

/** @returns false if anything went wrong */
function report(scenario: Scenario, rows: readonly Row[], plan: Plan): boolean {
  const unit = scenario.protocol === 'websocket' ? 'message' : 'request';
  // Cold code says nothing about speed.
  if (plan.isSmoke) console.log(`${scenario.name}: every one of ${rows.map(({ name }) => name).join(', ')} was asked`);
  else {
    const against = [BASELINE, ...plan.against];
    console.log(`\n${scenario.name}\n\n${table(rows, against, unit)}\n\n${notes(rows, plan.candidates).join('\n')}`);
  }
  const failed = rows.filter(({ turns }) => turns.some(({ errors }) => errors > 0));
  for (const { name, turns } of failed) {
    console.log(`${name} failed: ${turns.find(({ firstError }) => firstError !== undefined)?.firstError}`);
  }
  return failed.length === 0;
}

async function runScenario(scenario: Scenario, plan: Plan, load: Worker, origins: string[]): Promise<boolean> {
  const able = plan.candidates.filter(({ protocols }) => protocols.includes(scenario.protocol));
  const workers = able.map((candidate) => launch(candidate, scenario, plan, origins));
  try {
    const ports = await Promise.all(workers.map((worker) => worker.ask<number>('start')));
    const runners = workers.map((worker, i) => ({ name: worker.name, worker, port: ports[i]! }));
    return report(scenario, await measure(runners, load, scenario, plan), plan);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

function versionsOf(candidates: readonly Candidate[]): string[] {
  const native = candidates.flatMap(({ binary }) => (binary === undefined ? [] : `${binary} ${nativeVersion(binary)}`));
  return [...candidates.flatMap(({ packages }) => packages).map(versionOf), ...native];
}

async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  if (plan === undefined) return console.log(USAGE);
  const otherCore = plan.isPinned ? availableParallelism() - 1 : undefined;
  const upstream = new Worker('endpoints', 'upstream-process.ts', [], otherCore, []);
  const load = new Worker('clients', 'load/load-process.ts', [], otherCore, []);
  try {
    const origins = await upstream.ask<string[]>('start', ENDPOINTS);
    console.log(conditions(plan.isPinned, versionsOf(plan.candidates)).join('\n'));
    for (const { name, binary } of plan.missing)
      console.log(`${name} is left out: there is no ${binary} to be measured here`);
    for (const scenario of plan.scenarios) {
      if (!(await runScenario(scenario, plan, load, origins))) process.exitCode = 1;
    }
  } finally {
    await Promise.all([upstream.stop(), load.stop()]);
  }
}

await main();
