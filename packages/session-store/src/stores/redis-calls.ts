/**
 * How the Redis store speaks to Redis: every failure as one of our errors, writes that are void after their deadline, and the proof
 * that replicas have what was written.
 */
import { BalancerError } from '@evenkeel/core';
import { corruptError, storeError } from '../store-error.ts';
import type { RedisCaller } from './redis-client.ts';
import { type Script, WORD } from './redis-scripts.ts';

/** A script, what it is run over, and what its caller needs of it. */
export interface WriteOptions {
  readonly script: Script;
  /** All in one slot; the first is the one to blame. */
  readonly keys: readonly string[];
  /** What comes behind the latest moment. */
  readonly rest: readonly (string | number)[];
  /** A moment of `performance.now()`. */
  readonly endsAt: number;
  /** True if it must not take effect after `endsAt`. @default true */
  readonly isVoidWhenLate?: boolean;
  /** True if the replicas that the application asked for must have it. @default false */
  readonly isAcknowledged?: boolean;
}

/** What a script says. */
export interface Answer {
  /** One of `WORD`, or a number. */
  readonly word: string;
  readonly rest: readonly string[];
}

/** With these nothing was stored that a replica could lack. */
const NOTHING_STORED: ReadonlySet<string> = new Set([
  WORD.corrupt,
  WORD.exists,
  WORD.notAddable,
  WORD.conflict,
  WORD.late,
]);

export class RedisCalls {
  readonly #caller: RedisCaller;
  /** How many replicas an acknowledged write must be on. */
  readonly #replicas: number;
  /** What to add to `performance.now()` for the time on Redis' clock in ms; unknown before the first script. */
  #timeOffset: number | undefined;

  constructor(caller: RedisCaller, replicas: number) {
    this.#caller = caller;
    this.#replicas = replicas;
  }

  /** The end for something that begins now. */
  endsAt(): number {
    return this.#caller.endsAt();
  }

  hash(key: string, endsAt: number): Promise<unknown> {
    return guarded(key, this.#caller.hash(key, endsAt));
  }

  /** A command over one key. */
  command(endsAt: number, name: string, key: string, ...rest: string[]): Promise<unknown> {
    return guarded(key, this.#caller.command(endsAt, name, key, ...rest));
  }

  /** @throws SESSION_STORE, also if fewer replicas than asked have it; SESSION_CORRUPT */
  async write(options: WriteOptions): Promise<Answer> {
    let answer = await this.#send(options);
    // Redis is not late but has another clock than before, as after a failover. It has told the time; nothing was applied.
    if (answer.word === WORD.late) answer = await this.#send(options);
    if (answer.word === WORD.late) throw storeError('Redis', new Error('the write arrived too late'));
    if (answer.word === WORD.corrupt)
      throw corruptError(`The Redis key ${options.keys[0]}`, 'it does not hold what it should');
    return answer;
  }

  async #send(options: WriteOptions): Promise<Answer> {
    const { script, keys, rest, endsAt, isVoidWhenLate = true, isAcknowledged = false } = options;
    const sentAt = performance.now();
    const isTimed = isVoidWhenLate && this.#timeOffset !== undefined;
    const latest = isTimed ? String(Math.ceil(endsAt + this.#timeOffset!)) : '';
    const call = { script, keys, rest: [latest, ...rest.map(String)] };
    const needed = isAcknowledged ? this.#replicas : 0;
    const work: Promise<{ reply: unknown; replicas: number }> =
      needed > 0
        ? this.#caller.scriptOnReplicas(call, needed, endsAt)
        : this.#caller.script(call, endsAt).then((reply) => ({ reply, replicas: 0 }));
    const { reply, replicas } = await guarded(keys[0]!, work);
    if (!Array.isArray(reply)) throw corruptError('The reply of Redis', 'not a list');
    const [word = '', redisNow, ...more] = reply.map(String);
    // Too large by the time the script took to get there, which errs on the side of accepting.
    this.#timeOffset = Number(redisNow) - sentAt;
    // Also when there is nothing any more: what somebody else has removed must not come back with a replica that lacks it.
    if (replicas < needed && !NOTHING_STORED.has(word)) throw notReplicated(replicas, needed);
    return { word, rest: more };
  }
}

function notReplicated(replicas: number, needed: number): BalancerError {
  return new BalancerError(
    'SESSION_STORE',
    `Stored, but not replicated: ${replicas} of ${needed} replicas acknowledged in time`,
  );
}

async function guarded<T>(key: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    // ioredis hangs the command on the error, with all that the session holds; that is not for logs.
    if (cause instanceof Error) Reflect.deleteProperty(cause, 'command');
    // Redis says it in the middle of the message when a script meets it.
    if (cause instanceof Error && cause.message.includes('WRONGTYPE')) {
      throw corruptError(`The Redis key ${key}`, 'it is of another type');
    }
    throw storeError('Redis did not do what the session needs', cause);
  }
}
