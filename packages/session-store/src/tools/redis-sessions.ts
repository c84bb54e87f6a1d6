/** The sessions of a Redis, for the command line: a connection of its own that tries once and gives up soon. */
import type { Redis } from 'ioredis';
import { redisKeys } from '../stores/redis-keys.ts';
import { entriesOf, integerOf, readSession } from '../stores/redis-record.ts';
import { redisSessionStore } from '../stores/redis.ts';
import type { ListedSession, SessionStore } from '../store.ts';

/** For people, who wait longer than requests do. */
const DEADLINE_MS = 5_000;

/** A store and the ways into it that it lacks. */
export interface RedisSessions {
  readonly store: SessionStore;
  /** A session by its key. No store has that: an application has an id. */
  find(key: string, now: number): Promise<ListedSession | undefined>;
  close(): void;
}

/** @throws Error if ioredis is not installed, or there is no connection; INVALID_OPTIONS for a prefix that cannot be */
export async function connectToRedis(url: string, prefix: string): Promise<RedisSessions> {
  const redis = await client(url);
  // Before there is a connection that would have to be closed if the prefix is refused.
  const store = redisSessionStore(redis, { prefix, deadlineMs: DEADLINE_MS, nearCache: false, resendMs: 0 });
  const keys = redisKeys(prefix);
  await connected(redis);
  return {
    store,
    async find(key, now) {
      const redisKey = keys.ofDigest(key);
      const session = readSession(redisKey, entriesOf(await redis.hgetall(redisKey)));
      if (session === undefined || session.record.expiresAt <= now) return undefined;
      const { principal } = session.record;
      const generation = principal === undefined ? null : await redis.hget(keys.principal(principal), 'g');
      const isRevoked = session.generation < (integerOf(generation ?? '0') ?? 0);
      return isRevoked ? undefined : { key, record: session.record };
    },
    close: () => redis.disconnect(),
  };
}

/** ioredis is loaded only here, since the package does without it. */
async function client(url: string): Promise<Redis> {
  const ioredis = await import('ioredis').catch((cause: unknown) => {
    throw new Error('ioredis cannot be loaded; `npm install ioredis`', { cause });
  });
  return new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: DEADLINE_MS,
    commandTimeout: DEADLINE_MS,
    // After a failure it would wait for the end of a socket that never was one.
    disconnectTimeout: 1,
    retryStrategy: () => null,
  });
}

async function connected(redis: Redis): Promise<void> {
  let reason = 'closed';
  redis.on('error', ({ message }) => (reason = message));
  try {
    await redis.connect();
  } catch (cause) {
    redis.disconnect();
    throw new Error(`no connection to Redis: ${reason}`, { cause });
  }
}
