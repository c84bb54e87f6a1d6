/**
 * Finds a Redis for the tests: the one that `REDIS_URL` names, else one that is installed, else one that can be installed.
 * A server started here is private: a free loopback port, no persistence, a temporary folder, and it dies with this process.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findRedisServer, privateRedis } from '@evenkeel/session-store/testing';
import { Redis } from 'ioredis';

export interface RedisForTests {
  readonly url: string;
  /** What it is and where it came from, for people. */
  readonly description: string;
  stop(): Promise<void>;
}

/** Why there is no Redis and what to do about it, as one sentence. */
export class NoRedisError extends Error {}

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
  const installed = findRedisServer() ?? installServer(say);
  return startPrivately(installed);
}

async function useGiven(url: string): Promise<RedisForTests> {
  const failure = await pingFailure(url);
  if (failure !== undefined) {
    throw new NoRedisError(
      `REDIS_URL is set, but no Redis answers PING there (${failure}): start it, correct REDIS_URL, or unset it to have one started for the tests.`,
    );
  }
  return { url, description: 'the one that REDIS_URL names', stop: async () => undefined };
}

function hasCommand(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}

function installServer(say: (line: string) => void): string {
  const advice =
    'install redis-server or valkey-server (for example `apt-get install redis-server` or `brew install redis`), or set REDIS_URL to a running one.';
  const installer = INSTALLERS.find(({ command }) => hasCommand(command));
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
    const server = findRedisServer();
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
  try {
    const redis = await privateRedis(server);
    const stop = async (): Promise<void> => redis[Symbol.asyncDispose]();
    return { url: redis.url, description: `${server}, started privately at ${redis.url}`, stop };
  } catch (error) {
    throw new NoRedisError(`${(error as Error).message}, or set REDIS_URL to a running Redis.`);
  }
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
