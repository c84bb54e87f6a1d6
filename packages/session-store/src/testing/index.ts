/**
 * A real Redis for tests and demonstrations, since nothing else behaves like one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A Redis that nobody else uses. */
export interface PrivateRedis extends AsyncDisposable {
  readonly url: string;
}

const SERVERS = ['redis-server', 'valkey-server'];
const START_TIMEOUT_MS = 10_000;

/**
 * A shell holds the server by its own standard input: when this process is gone, however it went, the pipe closes and the shell ends
 * the server. Signals are the server's business only, so that Ctrl-C does not take the shell away before its work is done.
 */
const KEEPER = `trap '' INT TERM HUP
dir=$1; shift
"$@" >"$dir/log" 2>&1 & server=$!
read -r _
kill "$server"; wait "$server"; rm -rf "$dir"`;

/** The path of `redis-server` or `valkey-server`, if one is installed. */
export function findRedisServer(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return SERVERS.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/**
 * Starts a Redis on a free loopback port, without persistence, in a temporary folder. It ends with this process at the latest.
 * @param server the program. @default what `findRedisServer` finds
 * @throws Error if there is no server, or it does not answer within 10 s
 */
export async function privateRedis(server: string | undefined = findRedisServer()): Promise<PrivateRedis> {
  if (server === undefined) throw new Error('neither redis-server nor valkey-server is on the PATH');
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-redis-'));
  const port = await freePort();
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', dir];
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', dir, server, ...options], { stdio: ['pipe', 'ignore', 'ignore'] });
  // Neither the shell nor the pipe to it is a reason for this process to stay.
  keeper.unref();
  const dispose = async (): Promise<void> => {
    if (keeper.exitCode !== null) return;
    const exited = once(keeper, 'exit');
    keeper.ref();
    keeper.stdin.end();
    await exited;
  };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answersPing(port))) {
    if (performance.now() > deadline) {
      await dispose();
      throw new Error(`${server} does not answer; run it by hand to see why`);
    }
    await delay(20);
  }
  return { url: `redis://127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => void (resolve(false), socket.destroy()));
  });
}
