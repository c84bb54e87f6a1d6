/** Where the demo's sessions live, and how an app instance gets at them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisSessionStore, sqliteSessionStore } from '@evenkeel/session-store';
import type { SessionOptions } from '@evenkeel/session-store';
import { findRedisServer, privateRedis } from '@evenkeel/session-store/testing';
import { Redis } from 'ioredis';

declare module '@evenkeel/session-store' {
  interface SessionFields {
    user: string;
    /** One field per update, so that concurrent ones never overwrite each other. */
    [update: `item_${string}`]: string;
  }
}

/** Chosen once, by the parent process; the instances read it from their environment. */
export interface SessionHome extends AsyncDisposable {
  readonly description: string;
  readonly env: Record<string, string>;
}

export async function chooseHome(store: 'auto' | 'redis' | 'sqlite'): Promise<SessionHome> {
  const given = process.env['REDIS_URL'];
  if (store !== 'sqlite' && given) {
    await assertAnswers(given);
    return { description: 'Redis (REDIS_URL)', env: { REDIS_URL: given }, async [Symbol.asyncDispose]() {} };
  }
  if (store === 'redis' || (store === 'auto' && findRedisServer() !== undefined)) {
    const redis = await privateRedis();
    const dispose = () => redis[Symbol.asyncDispose]();
    return {
      description: `Redis (${findRedisServer()}, private)`,
      env: { REDIS_URL: redis.url },
      [Symbol.asyncDispose]: dispose,
    };
  }
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-demo-'));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    description: `SQLite (built into Node${store === 'auto' ? '; no Redis found' : ''})`,
    env: { REDIS_URL: '', SQLITE_PATH: join(dir, 'sessions.db') },
    async [Symbol.asyncDispose]() {
      remove();
    },
  };
}

/** A Redis that is not there would make every request fail, which says nothing about failover. */
async function assertAnswers(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
  } catch (cause) {
    throw new Error('REDIS_URL is set, but no Redis answers there. Unset it, or run with --store sqlite.', { cause });
  } finally {
    redis.disconnect();
  }
}

/** The options of `session()`, the same in every instance. */
export function sessionOptions(): SessionOptions {
  const { REDIS_URL, SQLITE_PATH } = process.env;
  const store = REDIS_URL ? redisSessionStore(new Redis(REDIS_URL)) : sqliteSessionStore({ path: SQLITE_PATH! });
  return { store, secret: 'only a demo would keep it here' };
}
