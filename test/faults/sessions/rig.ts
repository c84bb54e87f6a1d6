/** What the rigs of several servers have in common. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Place } from './variants.ts';

/** Servers of which one dies. */
export interface FailoverRig extends AsyncDisposable {
  readonly place: Place;
  /** SIGKILLs a master, and resolves when another one has taken over. */
  failOver(): Promise<void>;
}

/** Servers and proxies that end together. */
export class Together implements AsyncDisposable {
  readonly #members: AsyncDisposable[] = [];

  async add<T extends AsyncDisposable>(opening: Promise<T>): Promise<T> {
    const member = await opening;
    this.#members.push(member);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.toReversed().map((member) => member[Symbol.asyncDispose]()));
  }
}

/** Asks a server over a connection of its own. */
export async function asked<T>(port: number, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

const POLL_MS = 20;
const PATIENCE_MS = 30_000;

/** @throws Error if it takes too long */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${isSo.toString()} is still not so`);
    await delay(POLL_MS);
  }
}
