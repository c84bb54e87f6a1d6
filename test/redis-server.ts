/**
 * Finds a Redis for the tests: the one that `REDIS_URL` names, else one that is installed, else one that can be installed.
 * A server started here is private: a free loopback port, no persistence, a temporary folder, and it dies with this process.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RedisForTests {
  readonly url: string;
  /** What it is and where it came from, for people. */
  readonly description: string;
  stop(): void;
}

/** Why there is no Redis and what to do about it, as one sentence. */
export class NoRedisError extends Error {}

const SERVERS = ['redis-server', 'valkey-server'];
const START_TIMEOUT_MS = 10_000;

// A shell holds the server by its own standard input: when this process is gone, however it went, the pipe closes and the shell
// ends the server. Signals are the server's business only, so that Ctrl-C does not take the shell away before its work is done.
const KEEPER = `trap '' INT TERM HUP
dir=$1; shift
"$@" >"$dir/log" 2>&1 & server=$!
read -r _
kill "$server"; wait "$server"; rm -rf "$dir"`;

interface Installer {
  readonly command: string;
  readonly attempts: readonly (readonly string[])[];
  readonly needsRoot: boolean;
}

const INSTALLERS: readonly Installer[] = [
  {
    command: 'apt-get',
    attempts: [
      ['update', '-q'],
      ['install', '-q', '-y', '--no-install-recommends', 'redis-server'],
    ],
    needsRoot: true,
  },
  {
    command: 'dnf',
    attempts: [
      ['install', '-y', 'valkey'],
      ['install', '-y', 'redis'],
    ],
    needsRoot: true,
  },
  { command: 'apk', attempts: [['add', '--no-cache', 'redis']], needsRoot: true },
  { command: 'brew', attempts: [['install', 'redis']], needsRoot: false },
];

/** @throws NoRedisError */
export async function findRedis(say: (line: string) => void): Promise<RedisForTests> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '') return useGiven(given);
  const installed = findServer() ?? installServer(say);
  return startPrivately(installed);
}

async function useGiven(url: string): Promise<RedisForTests> {
  const failure = await pingFailure(url);
  if (failure !== undefined) {
    throw new NoRedisError(
      `REDIS_URL is set, but no Redis answers PING there (${failure}): start it, correct REDIS_URL, or unset it to have one started for the tests.`,
    );
  }
  return { url, description: 'the one that REDIS_URL names', stop() {} };
}

function findServer(): string | undefined {
  return SERVERS.map(findOnPath).find((path) => path !== undefined);
}

function findOnPath(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installServer(say: (line: string) => void): string {
  const advice =
    'install redis-server or valkey-server (for example `apt-get install redis-server` or `brew install redis`), or set REDIS_URL to a running one.';
  const installer = INSTALLERS.find(({ command }) => findOnPath(command) !== undefined);
  if (installer === undefined) throw new NoRedisError(`The tests need a Redis and found none: ${advice}`);
  const asRoot = rootPrefix(installer);
  if (asRoot === undefined) {
    throw new NoRedisError(
      `The tests need a Redis and found none, and installing one with ${installer.command} takes root here: ${advice}`,
    );
  }
  say(`No Redis found: installing one with ${installer.command}.`);
  for (const args of installer.attempts) {
    const [command, ...rest] = [...asRoot, installer.command, ...args];
    spawnSync(command!, rest, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    const server = findServer();
    if (server !== undefined) return server;
  }
  throw new NoRedisError(
    `The tests need a Redis, found none, and ${installer.command} could not install one: ${advice}`,
  );
}

/** What to put before a command to run it as root; undefined if that is not permitted. */
function rootPrefix({ needsRoot }: Installer): readonly string[] | undefined {
  if (!needsRoot || process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined;
}

async function startPrivately(server: string): Promise<RedisForTests> {
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', dir];
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', dir, server, ...options], { stdio: ['pipe', 'ignore', 'ignore'] });
  // Neither the shell nor the pipe to it is a reason for this process to stay.
  keeper.unref();
  const stop = (): void => void keeper.stdin.end();
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (let failure = await pingFailure(url); failure !== undefined; failure = await pingFailure(url)) {
    if (performance.now() > deadline) {
      stop();
      throw new NoRedisError(
        `${server} does not start (${failure}): run it by hand to see why, or set REDIS_URL to a running Redis.`,
      );
    }
    await delay(50);
  }
  return { url, description: `${server}, started privately on port ${port}`, stop };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Why the Redis at `url` cannot be used; undefined if it answers. */
async function pingFailure(url: string): Promise<string | undefined> {
  let redis: Redis | undefined;
  let cause: Error | undefined;
  try {
    redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: 3_000,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', (error) => (cause = error)); // `connect` itself rejects with "Connection is closed."
    await redis.connect();
    await redis.ping();
    return undefined;
  } catch (error) {
    return (cause ?? (error as Error)).message;
  } finally {
    redis?.disconnect();
  }
}
