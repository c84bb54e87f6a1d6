/**
 * A fleet with everything wrong that can be: eight real processes, of which one is sixteen times slower, one fails at once, one is
 * stopped (SIGSTOP) in the middle of every turn, and one comes and goes. Balancers take turns on it, with requests at a constant rate
 * that do not wait for one another: `node --conditions=source test/bench/fleet/main.ts [rounds]`.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import { median } from '../table.ts';
import { candidates } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import type { Behaviour } from './endpoint-process.ts';

const FLEET: readonly Behaviour[] = ['well', 'slow', 'well', 'failing', 'well', 'freezing', 'well', 'flapping'];
const PER_SECOND = 300;
const TURN_MS = 4_000;
const FREEZE_AFTER_MS = 1_000;
const FREEZE_MS = 2_000;

interface Turn {
  readonly latencies: number[];
  failures: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

/** All on one port, on addresses of their own, so that they can stand behind one name. */
async function startFleet(port: number): Promise<{ child: ChildProcess; address: string }[]> {
  const file = fileURLToPath(new URL('endpoint-process.ts', import.meta.url));
  return Promise.all(
    FLEET.map(async (behaviour, i) => {
      const address = `127.0.0.${11 + i}`;
      const child = fork(file, [address, String(port), behaviour], { execArgv: process.execArgv });
      await once(child, 'message');
      return { child, address };
    }),
  );
}

/** Sends requests at a constant rate, and waits for all of them. */
async function takeTurn(candidate: Candidate, freezing: ChildProcess): Promise<Turn> {
  const turn: Turn = { latencies: [], failures: 0 };
  const timers = [
    setTimeout(() => freezing.kill('SIGSTOP'), FREEZE_AFTER_MS),
    setTimeout(() => freezing.kill('SIGCONT'), FREEZE_AFTER_MS + FREEZE_MS),
  ];
  const pending: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < (PER_SECOND * TURN_MS) / 1_000; sent++) {
    const dueAt = startedAt + (sent * 1_000) / PER_SECOND;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await new Promise((resolve) => void setTimeout(resolve, waitMs));
    pending.push(ask(candidate, turn));
  }
  await Promise.all(pending);
  timers.forEach((timer) => clearTimeout(timer));
  freezing.kill('SIGCONT');
  return turn;
}

async function ask(candidate: Candidate, turn: Turn): Promise<void> {
  const startedAt = performance.now();
  const status = await candidate.get().catch(() => 0);
  if (status !== 200) turn.failures++;
  turn.latencies.push(performance.now() - startedAt);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function main(rounds: number): Promise<void> {
  const port = await freePort();
  const fleet = await startFleet(port);
  const freezing = fleet[FLEET.indexOf('freezing')]!.child;
  const all = candidates(
    fleet.map(({ address }) => address),
    port,
  );
  const turns = new Map(all.map((candidate) => [candidate.name, [] as Turn[]]));
  try {
    // A burst, so that whoever opens connections only when it has to has met all of the fleet.
    for (const candidate of all)
      await Promise.all(Array.from({ length: 64 }, () => ask(candidate, { latencies: [], failures: 0 })));
    // The first round is for connections and compilers.
    for (let round = 0; round <= rounds; round++) {
      for (const candidate of all) {
        const turn = await takeTurn(candidate, freezing);
        if (round > 0) turns.get(candidate.name)!.push(turn);
      }
    }
  } finally {
    for (const { child } of fleet) child.kill('SIGKILL');
    await Promise.all(all.map((candidate) => candidate.close()));
  }
  report(turns, rounds);
}

function report(turns: ReadonlyMap<string, readonly Turn[]>, rounds: number): void {
  const ours = percentile(
    [...turns.values()][0]!.flatMap(({ latencies }) => latencies),
    0.99,
  );
  console.log(
    `Node ${process.version}; ${rounds} rounds of ${TURN_MS / 1_000} s at ${PER_SECOND} requests per second each\n`,
  );
  console.log('| balancer | failed | p50 ms | p99 ms | p99.9 ms | p99 as a multiple of the first line |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, given] of turns) {
    const latencies = given.flatMap((turn) => turn.latencies);
    const failed = given.reduce((sum, { failures }) => sum + failures, 0);
    const figures = [median(latencies), percentile(latencies, 0.99), percentile(latencies, 0.999)];
    const cells = [
      `${failed} of ${latencies.length}`,
      ...figures.map((ms) => ms.toFixed(1)),
      (figures[1]! / ours).toFixed(1),
    ];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

await main(Number(process.argv[2] ?? 5));
