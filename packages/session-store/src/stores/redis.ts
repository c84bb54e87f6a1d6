/**
 * `redisSessionStore()`: sessions in Redis (or Valkey) through an ioredis connection of the application, shared by any number of
 * instances. Four layers, each a session store over the next: what to do while Redis is away (`resilience/`), reads from memory
 * (`near-cache/`), encryption (`encryption/`), and Redis itself (`redis-store.ts`). In this order a read from memory decrypts nothing, and
 * what is handed over late passes through the cache as every other write does.
 */
import { type Clock, systemClock } from '@evenkeel/core';
import { durationMs, integerIn, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { encrypted, type EncryptionOptions } from '../encryption/encrypted.ts';
import { nearCache } from '../near-cache/near-cache.ts';
import type { NearCacheOptions, NearCacheStats } from '../near-cache/options.ts';
import type { TrackedRedis } from '../near-cache/tracked-redis.ts';
import { trackingLink, type TrackingLink } from '../near-cache/tracking-link.ts';
import { redisEpoch } from '../resilience/redis-epoch.ts';
import type { StoreState } from '../resilience/presence.ts';
import {
  areWritesPossible,
  WHEN_DOWN_OPTIONS,
  type WhenDownOptions,
  WRITES_RULE,
} from '../resilience/resilient-options.ts';
import { resilient } from '../resilience/resilient.ts';
import type { SessionStore } from '../store.ts';
import { RedisCalls } from './redis-calls.ts';
import { type RedisClient, redisCaller } from './redis-client.ts';
import { redisKeys } from './redis-keys.ts';
import { RedisStore } from './redis-store.ts';

/** Bounds of the near cache of `redisSessionStore`. */
export interface RedisNearCacheOptions extends NearCacheOptions {
  /** How often Redis is asked whether changes can still be heard, in ms, 10..60,000. @default 200 */
  readonly beatMs?: number;
  /** How long an answer to that lasts, and so the most by which a read is stale, in ms, from twice `beatMs` to 120,000. @default 600 */
  readonly leaseMs?: number;
}

/** Options of `redisSessionStore`. */
export interface RedisSessionStoreOptions extends WhenDownOptions {
  /** What all keys start with; after it comes `{H}`, H a digest of the session id. @default 's:' */
  readonly prefix?: string;
  /**
   * How long one call may wait for Redis, connection included, in ms, 1..60,000. Then it fails with SESSION_STORE, whatever the
   * connection's own settings are: ioredis by itself would retry for more than a minute. @default 250
   */
  readonly deadlineMs?: number;
  /**
   * Who must have a commit, a destroy, a retirement or a revocation before the store says that it is stored. With `replica`, a failover
   * to a replica that acknowledged loses none of them; each waits for the replicas for half of `deadlineMs` at most, and what else is
   * on the connection waits with it; fewer than asked is SESSION_STORE. @default 'primary'
   */
  readonly acknowledge?: 'primary' | 'replica';
  /** With `acknowledge: 'replica'`: how many, 1..100. @default 1 */
  readonly replicas?: number;
  /**
   * Publishes `sessionChannels.expired` when a session's time is over, within about a second, by one of the instances that listen. All
   * instances must agree on it. Costs one command per new session and four per second and instance, and keeps what has ended for
   * another five minutes. @default false
   */
  readonly expiryEvents?: boolean;
  /**
   * Whether reads are answered from memory while it is known that nobody has changed the session. Needs Redis 6.2 or later and two more
   * connections, which are duplicates of the application's and end with it; not for Cluster, where it is off. @default true
   */
  readonly nearCache?: boolean | RedisNearCacheOptions;
  /** Encrypts the values of fields, see `encrypted`. @default nothing is encrypted */
  readonly encryption?: EncryptionOptions;
  /**
   * After a failover, changes of the last so many ms are sent to the new master, as far as it lacks them and nobody has changed the
   * fields since; 0..600,000, 0 is never. @default 10,000
   */
  readonly resendMs?: number;
  /** Time for `expiryEvents`: its `now()` is the wall clock's. @default the system's */
  readonly clock?: Clock;
}

/** A session store on Redis. */
export interface RedisSessionStore extends SessionStore, Disposable {
  /** Whether Redis is asked at the moment. */
  readonly state: StoreState;
  /** Changes that wait for Redis to come back. */
  readonly journalled: number;
  /** What the near cache holds and has done; undefined if there is none. */
  cacheStats(): NearCacheStats | undefined;
  /** Ends what is done in the background, and the near cache's connections. The application's connection stays as it is. */
  close(): void;
}

const WALL_CLOCK: Clock = { ...systemClock, now: () => Date.now() };

const OPTIONS = v.pipe(
  v.strictObject({
    prefix: v.optional(v.pipe(v.string(), v.regex(/^[^{}]*$/, 'a text without braces')), 's:'),
    deadlineMs: v.optional(durationMs(1, 60_000), 250),
    acknowledge: v.optional(v.picklist(['primary', 'replica'], '"primary" or "replica"'), 'primary'),
    replicas: v.optional(integerIn(1, 100)),
    expiryEvents: v.optional(v.boolean('true or false'), false),
    clock: v.optional(objectWith<Clock>('a clock', 'now', 'schedule'), WALL_CLOCK),
    nearCache: v.optional(v.union([v.boolean(), v.looseObject({})], 'true, false or bounds of the near cache')),
    encryption: v.optional(
      v.custom<EncryptionOptions>((given) => typeof given === 'object' && given !== null, 'an object'),
    ),
    resendMs: v.optional(durationMs(0, 600_000), 10_000),
    ...WHEN_DOWN_OPTIONS,
  }),
  v.check((options) => areWritesPossible(options), WRITES_RULE),
  v.check(
    ({ acknowledge, replicas }) => acknowledge === 'replica' || replicas === undefined,
    'options that have `replicas` only with `acknowledge: "replica"`',
  ),
);
const CLIENT = objectWith<RedisClient>(
  'an ioredis client',
  'hgetall',
  'call',
  'evalsha',
  'eval',
  'pipeline',
  'once',
  'off',
);

/**
 * A store in Redis. The connection stays the application's: the store neither configures nor closes it.
 * @param redis an ioredis `Redis` or `Cluster`
 * @throws INVALID_OPTIONS
 */
export function redisSessionStore(redis: RedisClient, options: RedisSessionStoreOptions = {}): RedisSessionStore {
  const client = resolveOptions('redisSessionStore', v.strictObject({ redis: CLIENT }), { redis }).redis;
  const resolved = resolveOptions('redisSessionStore', OPTIONS, options);
  const { prefix, deadlineMs, acknowledge, replicas = 1, expiryEvents, clock, resendMs, encryption } = resolved;
  const { cacheOptions, link } = linkOf(client, prefix, resolved.nearCache);
  const connection = link?.data ?? client;
  const calls = new RedisCalls(redisCaller(connection, deadlineMs), acknowledge === 'replica' ? replicas : 0);
  const keys = redisKeys(prefix);
  const redisStore = new RedisStore(calls, keys, expiryEvents ? clock : undefined);
  const store = encryption === undefined ? redisStore : encrypted(redisStore, encryption);
  const cache = link && nearCache(store, { link, names: keys, clock: link.clock }, cacheOptions);
  const { whenDown, staleIfErrorMs, writes, onConflict, maxJournalled } = resolved;
  const layered = resilient(cache ?? store, {
    ...{ whenDown, staleIfErrorMs, onConflict, maxJournalled },
    ...(writes && { writes }),
    ...(cache && { recall: (id, now, maxAgeMs) => cache.recall(id, now, maxAgeMs) }),
    ...(resendMs > 0 && { epoch: redisEpoch(connection), resendMs }),
  });
  const closeLayers = layered.close.bind(layered);
  const close = (): void => {
    closeLayers();
    link?.close();
    redisStore.close();
  };
  const cacheStats = (): NearCacheStats | undefined => cache?.stats();
  return Object.assign(layered, { close, cacheStats, [Symbol.dispose]: close });
}

/** The line on which changes are heard, if there is to be a near cache. @throws INVALID_OPTIONS if there cannot be one that is wanted */
function linkOf(
  redis: RedisClient,
  prefix: string,
  wanted: RedisSessionStoreOptions['nearCache'],
): { link?: TrackingLink; cacheOptions?: NearCacheOptions } {
  const canTrack = 'duplicate' in redis && Reflect.get(redis, 'isCluster') !== true;
  if (wanted === false || (wanted === undefined && !canTrack)) return {};
  const { beatMs, leaseMs, ...cacheOptions } = typeof wanted === 'object' ? wanted : {};
  const times = { ...(beatMs !== undefined && { beatMs }), ...(leaseMs !== undefined && { leaseMs }) };
  return { link: trackingLink(redis as TrackedRedis, { prefix, ...times }), cacheOptions };
}
