/**
 * Calls to Redis that end in time. A call waits for the connection and for the answer together no longer than its deadline, and it
 * never enters ioredis' offline queue while the connection is lost: a write that was reported as failed must not surface minutes later.
 */
import { BalancerError } from '@evenkeel/core';
import type { Script } from './redis-scripts.ts';

/** What the store uses of an ioredis `Redis` or `Cluster`. */
export interface RedisClient {
  /** The state of the connection; commands are sent at once only when it is `ready`. */
  readonly status: string;
  connect(): Promise<unknown>;
  hgetall(key: string): Promise<unknown>;
  evalsha(sha1: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(source: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  once(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
}

/** One client's calls, each with the deadline. */
export interface RedisCaller {
  hash(key: string): Promise<unknown>;
  /** Runs a script over one key, by its name where Redis remembers it. */
  script(script: Script, key: string, keyArguments: readonly string[]): Promise<unknown>;
}

export function redisCaller(redis: RedisClient, deadlineMs: number): RedisCaller {
  const untilReady = readiness(redis);
  async function runScript({ source, sha1 }: Script, key: string, rest: readonly string[]): Promise<unknown> {
    try {
      return await redis.evalsha(sha1, 1, key, ...rest);
    } catch (error) {
      // Redis forgets scripts at a restart. A script it does not know has not run.
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return redis.eval(source, 1, key, ...rest);
      throw error;
    }
  }
  function call(send: () => Promise<unknown>): Promise<unknown> {
    return withDeadline(redis, untilReady, deadlineMs, send);
  }
  return {
    hash: (key) => call(() => redis.hgetall(key)),
    script: (script, key, rest) => call(() => runScript(script, key, rest)),
  };
}

/** Runs something as soon as the connection is ready; the function it returns takes that back. */
type UntilReady = (run: () => void) => () => void;

/** One listener on the client, however many calls wait. */
function readiness(redis: RedisClient): UntilReady {
  const waiting = new Set<() => void>();
  function runAll(): void {
    for (const run of [...waiting]) run();
    waiting.clear();
  }
  return (run) => {
    if (waiting.size === 0) redis.once('ready', runAll);
    waiting.add(run);
    // `wait` is a client made with `lazyConnect`. How connecting fails is told by the deadline.
    if (redis.status === 'wait') redis.connect().catch(() => undefined);
    return () => {
      waiting.delete(run);
      if (waiting.size === 0) redis.off('ready', runAll);
    };
  };
}

function withDeadline(
  redis: RedisClient,
  untilReady: UntilReady,
  deadlineMs: number,
  send: () => Promise<unknown>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let forget: (() => void) | undefined;
    const timer = setTimeout(() => {
      // A busy event loop runs late timers before it reads sockets; an answer that is already there must win.
      setImmediate(() => {
        if (isOver) return;
        forget?.();
        reject(new BalancerError('SESSION_STORE', `Redis did not answer within ${deadlineMs} ms`));
      });
    }, deadlineMs);
    function settle(how: () => void): void {
      isOver = true;
      clearTimeout(timer);
      how();
    }
    function start(): void {
      forget = undefined;
      send().then(
        (reply) => settle(() => resolve(reply)),
        (error: unknown) => settle(() => reject(error)),
      );
    }
    if (redis.status === 'ready') start();
    else forget = untilReady(start);
  });
}
