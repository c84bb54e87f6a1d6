/**
 * A proxy that is not Node's: a process below this one, on the same core, with a configuration in a folder of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from './usage.ts';

const START_MS = 5_000;

/** A process and what it starts. */
export interface NativeProxy {
  readonly port: number;
  usage(): Usage;
}

/** What it says of its version; undefined if it is not on this machine, or what it uses cannot be read here. */
export function nativeVersion(binary: string): string | undefined {
  // The second is missing from kernels without CONFIG_PROC_CHILDREN.
  if (!existsSync('/proc/self/schedstat') || !existsSync(`/proc/self/task/${process.pid}/children`)) return undefined;
  const { status, stdout, stderr } = spawnSync(binary, ['-v'], { encoding: 'utf8' });
  return status === 0 ? /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] : undefined;
}

/**
 * @param configure writes what is needed into the folder and says with which arguments to start
 * @throws Error if it does not take connections
 */
export async function startNative(
  binary: string,
  configure: (port: number, folder: string) => readonly string[],
): Promise<NativeProxy> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `bench-${binary}-`));
  const child = spawn(binary, configure(port, folder), { stdio: ['ignore', 'inherit', 'inherit'] });
  const failed = new Promise<never>((_resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${binary} ended with code ${code}`)));
  });
  process.on('exit', () => {
    child.kill('SIGTERM');
    // The child removes files there at the same time, before which `rmSync` gives up.
    spawnSync('rm', ['-rf', folder]);
  });
  await Promise.race([failed, untilItListens(port)]);
  failed.catch((error: Error) => console.error(error.message));
  return { port, usage: () => usageOf(child.pid!) };
}

/** @returns the file's path */
export function writeIn(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** Neither can be told to take any port and say which. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilItListens(port: number): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (!(await isTaken(port))) {
    if (performance.now() > deadline) throw new Error(`nobody listens on port ${port}`);
    await sleep(20);
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.on('connect', end(true));
    socket.on('error', end(false));
  });
}

/**
 * All threads of the process and of its children. `schedstat` counts ns on a core, where `stat` counts ticks of 10 ms, too coarse
 * for a turn.
 */
function usageOf(pid: number): Usage {
  let cpuUs = 0;
  let rssBytes = residentBytes(pid);
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`;
    cpuUs += Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
    for (const child of readFileSync(`${folder}/children`, 'utf8').split(' ').filter(Boolean)) {
      const usage = usageOf(Number(child));
      cpuUs += usage.cpuUs;
      rssBytes += usage.rssBytes;
    }
  }
  return { cpuUs, rssBytes };
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}
