/**
 * Calls to Redis that end in time. A call waits for the connection and for the answer together until its deadline, and it never
 * enters ioredis' offline queue while the connection is lost: a write that was reported as failed must not surface minutes later.
 */
import { BalancerError } from '@evenkeel/core';
import type { EpochClient } from '../resilience/redis-epoch.ts';
import type { Script } from './redis-scripts.ts';
import { writeTogether } from './write-together.ts';

/** What the store uses of an ioredis `Redis` or `Cluster`. */
export interface RedisClient extends EpochClient {
  connect(): Promise<unknown>;
  hgetall(key: string): Promise<unknown>;
  call(command: string, ...commandArguments: string[]): Promise<unknown>;
  evalsha(sha1: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(source: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  pipeline(commands: unknown[][]): RedisPipeline;
  once(event: 'ready', listener: () => void): unknown;
  /** The socket, while there is one. */
  readonly stream?: unknown;
}

/** Commands that go over one connection, one behind the other. */
export interface RedisPipeline {
  /** Each command's error or null, and its reply. */
  exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>;
}

/** A script with what it is run over. */
export interface ScriptCall {
  readonly script: Script;
  /** All in one slot. */
  readonly keys: readonly string[];
  readonly rest: readonly string[];
}

/** The reply of a script, and how many replicas are known to have all that was written before it and by it. */
export interface Acknowledged {
  readonly reply: unknown;
  readonly replicas: number;
}

/** One client's calls. Each ends at `endsAt`, a moment of `performance.now()`, at the latest. */
export interface RedisCaller {
  /** The end for something that begins now. */
  endsAt(): number;
  hash(key: string, endsAt: number): Promise<unknown>;
  command(endsAt: number, name: string, ...commandArguments: string[]): Promise<unknown>;
  /** Runs a script, by its name where Redis remembers it. */
  script(call: ScriptCall, endsAt: number): Promise<unknown>;
  /** Runs a script and then waits for replicas, for half of the time that is left at most. */
  scriptOnReplicas(call: ScriptCall, replicas: number, endsAt: number): Promise<Acknowledged>;
}

export function redisCaller(redis: RedisClient, deadlineMs: number): RedisCaller {
  const untilReady = readiness(redis);
  const known = new Set<Script>();
  function call<T>(endsAt: number, send: () => Promise<T>): Promise<T> {
    return withDeadline(redis, untilReady, deadlineMs, endsAt, send);
  }
  return {
    endsAt: () => performance.now() + deadlineMs,
    hash: (key, endsAt) => call(endsAt, () => redis.hgetall(key)),
    command: (endsAt, name, ...rest) => call(endsAt, () => redis.call(name, ...rest)),
    script: (script, endsAt) => call(endsAt, () => runScript(redis, script)),
    scriptOnReplicas: (script, replicas, endsAt) =>
      call(endsAt, () => runOnReplicas(redis, script, replicas, { endsAt, known })),
  };
}

/** An idle Redis notices the end of a WAIT up to 100 ms late, and its answer is to be here before the deadline is. */
const LATENESS_MS = 150;

function waitMs(leftMs: number): number {
  return Math.max(1, Math.floor(Math.min(leftMs / 2, leftMs - LATENESS_MS)));
}

async function runScript(redis: RedisClient, { script, keys, rest }: ScriptCall): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, keys.length, ...keys, ...rest);
  } catch (error) {
    if (isUnknownScript(error)) return redis.eval(script.source, keys.length, ...keys, ...rest);
    throw error;
  }
}

/**
 * WAIT counts the replicas that have what its own connection has seen written, so both go down one connection in one pipeline. On a
 * Cluster a pipeline goes to the node of its keys; where that node sends us elsewhere, the script is run again there.
 *
 * A script that Redis does not know still leaves its WAIT to be sat through, so the first run of each goes by its text.
 */
async function runOnReplicas(
  redis: RedisClient,
  call: ScriptCall,
  replicas: number,
  { endsAt, known }: { endsAt: number; known: Set<Script> },
): Promise<Acknowledged> {
  const { script, keys, rest } = call;
  const wait = (): unknown[] => ['wait', replicas, waitMs(endsAt - performance.now())];
  const send = (...first: string[]): Promise<Acknowledged> =>
    outcomeOf(redis.pipeline([[...first, keys.length, ...keys, ...rest], wait()]));
  try {
    const outcome = await (known.has(script) ? send('evalsha', script.sha1) : send('eval', script.source));
    known.add(script);
    return outcome;
  } catch (error) {
    if (isUnknownScript(error)) return send('eval', script.source);
    if (!(error instanceof Error) || !/^(?:MOVED|ASK) /.test(error.message)) throw error;
    const reply = await runScript(redis, call);
    // By now the client knows the new node; a slot that is on the move is not there yet, and counts as not replicated.
    const counted = await outcomeOf(redis.pipeline([['exists', keys[0]], wait()])).catch(() => undefined);
    return { reply, replicas: counted?.replicas ?? 0 };
  }
}

async function outcomeOf(pipeline: RedisPipeline): Promise<Acknowledged> {
  const [first, second] = (await pipeline.exec()) ?? [];
  if (first === undefined) throw new Error('Redis did not answer a pipeline');
  const [error, reply] = first;
  if (error !== null && error !== undefined) throw error;
  return { reply, replicas: Number(second?.[1] ?? 0) };
}

/** Redis forgets scripts at a restart. A script it does not know has not run. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
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

function withDeadline<T>(
  redis: RedisClient,
  untilReady: UntilReady,
  deadlineMs: number,
  endsAt: number,
  send: () => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let forget: (() => void) | undefined;
    const timer = setTimeout(
      () => {
        // A busy event loop runs late timers before it reads sockets; an answer that is already there must win.
        setImmediate(() => {
          if (isOver) return;
          forget?.();
          reject(new BalancerError('SESSION_STORE', `Redis did not answer within ${deadlineMs} ms`));
        });
      },
      Math.max(1, endsAt - performance.now()),
    );
    function settle(how: () => void): void {
      isOver = true;
      clearTimeout(timer);
      how();
    }
    function start(): void {
      forget = undefined;
      writeTogether(redis);
      send().then(
        (reply) => settle(() => resolve(reply)),
        (error: unknown) => settle(() => reject(error)),
      );
    }
    if (redis.status === 'ready') start();
    else forget = untilReady(start);
  });
}
