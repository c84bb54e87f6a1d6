/**
 * Whether it is still the same Redis: each line of replication has a name, `master_replid`, which changes when a replica becomes the
 * master or a server starts anew, and at nothing else. Emptying the server on purpose (FLUSHALL) does not change it.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/replication/
 */
import { BalancerError } from '@evenkeel/core';

/** Tells one line of a store's history from another. */
export interface EpochSource {
  /** The name of the line now. @throws SESSION_STORE if the store does not say */
  ask(): Promise<string>;
  /** Calls back whenever the line may have changed. @returns what ends that */
  watch(mayHaveChanged: () => void): () => void;
}

/** What is used of an ioredis `Redis` or `Cluster`. */
export interface EpochClient {
  /** The state of the connection; commands are sent at once only when it is `ready`. */
  readonly status: string;
  on(event: 'ready' | '+node', listener: () => void): unknown;
  off(event: 'ready' | '+node', listener: () => void): unknown;
  info?(section: string): Promise<unknown>;
  /** Of a `Cluster`. */
  nodes?(role: 'master'): EpochClient[];
}

/** How long one question may take, in ms. */
const DEADLINE_MS = 1_000;

/** The epoch of an ioredis connection; of a Cluster, those of all its masters. */
export function redisEpoch(redis: EpochClient): EpochSource {
  return {
    async ask() {
      const masters = redis.nodes === undefined ? [redis] : redis.nodes('master');
      if (masters.length === 0) throw new BalancerError('SESSION_STORE', 'The Redis Cluster has no master');
      return (await Promise.all(masters.map(replicationId))).toSorted().join(' ');
    },
    watch(mayHaveChanged) {
      const events = redis.nodes === undefined ? (['ready'] as const) : (['ready', '+node'] as const);
      for (const event of events) redis.on(event, mayHaveChanged);
      if (redis.status === 'ready') mayHaveChanged();
      return () => {
        for (const event of events) redis.off(event, mayHaveChanged);
      };
    },
  };
}

async function replicationId(redis: EpochClient): Promise<string> {
  // A question in the offline queue would be answered by whoever comes next, minutes later.
  if (redis.status !== 'ready' || redis.info === undefined) throw unanswered('it is not connected');
  const reply = String(await withDeadline(redis.info('replication')));
  const id = /^master_replid:([0-9a-f]{40})\s*$/m.exec(reply)?.[1];
  if (id === undefined) throw unanswered('the reply names none');
  return id;
}

function withDeadline(reply: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unanswered(`no reply within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    timer.unref();
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      how();
    };
    reply.then(
      (text) => settle(() => resolve(text)),
      (cause: unknown) => settle(() => reject(unanswered('the question failed', cause))),
    );
  });
}

function unanswered(why: string, cause?: unknown): BalancerError {
  return new BalancerError('SESSION_STORE', `Redis did not name its replication: ${why}`, { cause });
}
