/** What is done to a Redis while it is used. Each fault is over when this many calls have felt it. */
import { Redis } from 'ioredis';
import type { TcpProxy } from '../../session-store/fixtures/tcp-proxy.ts';
import type { WorkerFleet } from './fleet.ts';
import type { RedisProcess } from './redis-process.ts';

/** A Redis, and the way to it that one of the instances takes. */
export interface Victim {
  readonly redis: RedisProcess;
  readonly detour: TcpProxy;
}

export type Fault = (victim: Victim, fleet: WorkerFleet) => Promise<unknown>;

/** Calls of unknown outcome that end a fault. */
const FELT = 12;
const CUTS = 8;
const NAP_SECONDS = 0.4;

export const FAULTS = {
  /** What one instance sends is held up, while the others go on, and arrives when nobody waits for it any more. */
  /** What one instance sends is held up, while the others go on, and arrives when nobody waits for it any more. */
  'late commits': async ({ detour }, fleet) => {
    detour.mode = 'frozen';
    await fleet.more(FELT, ['unknown']);
    detour.mode = 'open';
  },
  /** What one instance sends is done, nobody tells it, and ioredis sends it again. */
  'lost answers': async ({ detour }, fleet) => {
    for (let i = 0; i < CUTS; i++) {
      detour.mode = 'deaf';
      await Promise.race([detour.answerLost(), fleet.done()]);
      detour.mode = 'open';
      detour.cut();
      await fleet.more(FELT, ['ok']);
    }
  },
  /** All connections break at once; what was on its way may have been done. */
  'CLIENT KILL': ({ redis }) =>
    byAdmin(redis, (admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')),
  SIGSTOP: async ({ redis }, fleet) => {
    redis.freeze();
    try {
      await fleet.more(FELT, ['unknown']);
    } finally {
      redis.thaw();
    }
  },
  /** The server itself sleeps, and finds all that was sent to it when it wakes up. */
  'DEBUG SLEEP': ({ redis }) => byAdmin(redis, (admin) => admin.call('DEBUG', 'SLEEP', String(NAP_SECONDS))),
  /** As a power cut. What was acknowledged is on disk. */
  'SIGKILL and restart': async ({ redis }, fleet) => {
    await redis.kill();
    await fleet.more(FELT, ['unknown']);
    await redis.restart();
  },
} as const satisfies Record<string, Fault>;

/** What a Redis needs to be told for these faults, and for nothing acknowledged to be lost by them. */
export const DURABLE: readonly string[] = ['appendonly yes', 'appendfsync always', 'enable-debug-command local'];

async function byAdmin(redis: RedisProcess, use: (admin: Redis) => Promise<unknown>): Promise<void> {
  const admin = new Redis({ host: '127.0.0.1', port: redis.port });
  admin.on('error', () => undefined);
  try {
    await use(admin);
  } finally {
    admin.disconnect();
  }
}
