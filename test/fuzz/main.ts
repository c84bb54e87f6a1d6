/**
 * `pnpm fuzz`: hostile clients and hostile endpoints by the hundred thousand.
 *
 *     pnpm fuzz [--requests n] [--responses n] [--seed n] [--transport h1|undici] [--workers n] [--lanes n]
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { underWay } from './fuzz.ts';
import type { Tally } from './fuzz.ts';
import { FUZZERS, TRANSPORTS } from './fuzzers.ts';
import type { FuzzerName } from './fuzzers.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    requests: { type: 'string', default: '100000' },
    responses: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    lanes: { type: 'string', default: '8' },
    transport: { type: 'string' },
    worker: { type: 'string' },
  },
});

function integer(name: 'requests' | 'responses' | 'seed' | 'workers' | 'lanes'): number {
  const given = Number(values[name]);
  if (Number.isInteger(given) && given >= 0) return given;
  console.error(`--${name}: "${values[name]}" is no number`);
  return process.exit(2);
}

/** What a worker says when it is done. */
interface Report {
  readonly tally: Tally;
  readonly problem: string | undefined;
}

/** A part of the runs in a process of its own; that it goes on living is the first thing to be shown. */
function inWorker(name: FuzzerName, transport: string, runs: number, seed: number): Promise<Report> {
  const numbers = ['--requests', String(runs), '--seed', String(seed), '--lanes', String(integer('lanes'))];
  const child = fork(import.meta.filename, ['--worker', name, '--transport', transport, ...numbers]);
  return new Promise((resolve) => {
    let report: Report | undefined;
    child.on('message', (message) => (report = message as Report));
    child.on('close', (code, signal) => {
      resolve(report ?? { tally: {}, problem: `seed ${seed}: the process ended with ${signal ?? `code ${code}`}` });
    });
  });
}

async function work(name: FuzzerName): Promise<void> {
  process.on('disconnect', () => process.exit());
  const options = { runs: integer('requests'), seed: integer('seed'), lanes: integer('lanes') };
  const transport = TRANSPORTS.find((one) => one === values.transport);
  process.on('uncaughtExceptionMonitor', () => {
    for (const show of underWay) console.error(`under way: ${show()}`);
  });
  const report: Report = await FUZZERS[name](options, transport === undefined ? {} : { cluster: { transport } }).then(
    (tally) => ({ tally, problem: undefined }),
    (error: unknown) => ({ tally: {}, problem: error instanceof Error ? error.message : String(error) }),
  );
  process.send!(report, () => process.disconnect());
}

async function part(name: FuzzerName, transport: string): Promise<void> {
  const runs = integer(name);
  if (runs === 0) return;
  const startedAt = performance.now();
  const workers = Math.max(1, integer('workers'));
  const shares = Array.from({ length: workers }, (_, i) => Math.floor((runs + i) / workers));
  const reports = await Promise.all(
    shares.map((share, i) => inWorker(name, transport, share, integer('seed') * 100 + i)),
  );
  const total: Tally = {};
  for (const { tally } of reports) {
    for (const [what, count] of Object.entries(tally)) total[what] = (total[what] ?? 0) + count;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(
    `${name} over ${transport}: ${runs} cases in ${seconds.toFixed(1)} s, ${Math.round(runs / seconds)} a second`,
  );
  for (const what of Object.keys(total).toSorted()) console.log(`  ${what}: ${total[what]}`);
  for (const { problem } of reports) {
    if (problem === undefined) continue;
    console.error(problem);
    process.exitCode = 1;
  }
}

if (values.worker !== undefined) await work(values.worker as FuzzerName);
else {
  for (const transport of TRANSPORTS) {
    if (values.transport !== undefined && values.transport !== transport) continue;
    await part('requests', transport);
    await part('responses', transport);
  }
}
