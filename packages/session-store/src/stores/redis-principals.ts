/**
 * Whose sessions there are: the generation that ends them all at once, and the list that finds them.
 *
 * The generation decides; the list is for people who look at it, and for tidying up. A session that the list has missed is ended by a
 * revocation like the others.
 */
import { corruptError } from '../store-error.ts';
import type { RedisCalls } from './redis-calls.ts';
import { JOIN, LIST, REVOKE } from './redis-index-scripts.ts';
import { isDigest, type RedisKeys } from './redis-keys.ts';
import { integerOf } from './redis-record.ts';

/** A generation is remembered for 400 days, which is the longest that browsers keep a cookie; longer if the list reaches further. */
const REMEMBERED_MS = 400 * 86_400_000;

/** The principal's generation, and the digests of the listed sessions. */
export interface ListedDigests {
  readonly generation: number;
  readonly digests: readonly string[];
}

/**
 * Until when a session is listed that ends at `expiresAt`: for as long again, so that the list is written once for many touches.
 */
export function listedUntil(expiresAt: number, now: number): number {
  return 2 * expiresAt - now;
}

export class RedisPrincipals {
  readonly #calls: RedisCalls;
  readonly #keys: RedisKeys;

  constructor(calls: RedisCalls, keys: RedisKeys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  /** Lists a session that is about to be made, and gives the generation that it will belong to. One round trip. */
  async join(principal: string, digest: string, until: number, now: number, endsAt: number): Promise<number> {
    const keys = this.#keysOf(principal);
    const { rest } = await this.#calls.write({
      script: JOIN,
      keys,
      rest: [now, digest, until],
      endsAt,
      isVoidWhenLate: false,
    });
    return generationOf(keys[0]!, rest[0]);
  }

  /** The principal's generation; 0 if there was never a revocation. One round trip. */
  async generation(principal: string, endsAt: number): Promise<number> {
    const key = this.#keys.principal(principal);
    const reply = await this.#calls.command(endsAt, 'hget', key, 'g');
    return reply === null ? 0 : generationOf(key, reply);
  }

  async list(principal: string, now: number, endsAt: number): Promise<ListedDigests> {
    const keys = this.#keysOf(principal);
    const { rest } = await this.#calls.write({ script: LIST, keys, rest: [now], endsAt, isVoidWhenLate: false });
    const [generation, ...digests] = rest;
    return { generation: generationOf(keys[0]!, generation), digests: digests.filter(isDigest) };
  }

  /** Begins a new generation. @returns the digests of the listed sessions, whose time is over by now */
  async revoke(principal: string, now: number, endsAt: number): Promise<readonly string[]> {
    const rest = [now, REMEMBERED_MS];
    const keys = this.#keysOf(principal);
    const answer = await this.#calls.write({ script: REVOKE, keys, rest, endsAt, isAcknowledged: true });
    return answer.rest.slice(1).filter(isDigest);
  }

  /** Takes a session off the list. */
  async leave(principal: string, digest: string, endsAt: number): Promise<void> {
    await this.#calls.command(endsAt, 'zrem', this.#keys.sessionsOf(principal), digest);
  }

  #keysOf(principal: string): string[] {
    return [this.#keys.principal(principal), this.#keys.sessionsOf(principal)];
  }
}

function generationOf(key: string, text: unknown): number {
  const generation = typeof text === 'string' ? integerOf(text) : undefined;
  if (generation === undefined) throw corruptError(`The Redis key ${key}`, 'its generation is not a number');
  return generation;
}
