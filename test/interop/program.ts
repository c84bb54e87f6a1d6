/**
 * A server from the system's packages, as a child process of the test: loopback ports of its own, a temporary folder, and it ends with
 * the test.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Free loopback ports. They are free again when this returns, so that a program can be told to take them. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

export interface ProgramOptions {
  readonly program: string;
  readonly args: (folder: string) => readonly string[];
  /** Files below its folder, by name. */
  readonly files: (folder: string) => Readonly<Record<string, string>>;
  readonly port: number;
  /** How to end it. One with child processes has to end these itself. @default 'SIGKILL' */
  readonly endWith?: NodeJS.Signals;
}

export interface Program extends AsyncDisposable {
  readonly port: number;
  /** Ends it without any notice to others. */
  kill(): Promise<void>;
}

/** Resolves when it answers HTTP on its port. @throws with what it said, if it ends before that */
export async function startProgram({
  program,
  args,
  files,
  port,
  endWith = 'SIGKILL',
}: ProgramOptions): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-interop-'));
  for (const [name, text] of Object.entries(files(folder))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const child = spawn(program, args(folder), {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  const dispose = async (): Promise<void> => {
    await end(endWith);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answering(child, port);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { port, kill: () => end('SIGKILL'), [Symbol.asyncDispose]: dispose };
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  let failure: Error | undefined;
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.once('error', (error) => (failure = error));
  child.once('exit', (code, signal) => (failure = new Error(`it ended with ${code ?? signal}: ${said}`)));
  while (!(await hasAnswer(port))) if (failure !== undefined) throw failure;
}

async function hasAnswer(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ready`, { headers: { connection: 'close' } });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
