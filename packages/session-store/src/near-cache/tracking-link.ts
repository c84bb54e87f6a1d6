/**
 * How changes in Redis are heard: server-assisted invalidation. Two connections. The store's commands run on the first; Redis remembers
 * which keys it read and says over the second when somebody else changes one of them.
 *
 * What can go wrong with that goes wrong silently, so nothing is taken on trust. After a (re)connect of either connection the link is
 * proved end to end before the lease begins: a key is read and written, and the news of it must arrive. From then on the lease lives on
 * a beat: a PING on the second connection, behind everything that Redis had to say, and a look whether Redis still tracks the first one.
 * A server, or a proxy in between, that cannot do this gets no lease, and every read asks the store.
 * @see https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
import { randomBytes } from 'node:crypto';
import { BalancerError, type Cancel, type Clock, systemClock } from '@evenkeel/core';
import { durationMs, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import type { RedisClient } from '../stores/redis-client.ts';
import { type HeldLease, lease } from './lease.ts';
import type { ChangeLink, ChangeListener } from './options.ts';
import { CHANGES_OPTIONS, DATA_OPTIONS, isTrackedTo, TRACKED_REDIS, type TrackedRedis } from './tracked-redis.ts';

/** Options of `trackingLink`. */
export interface TrackingLinkOptions {
  /** What the key starts with that proves the link; it lives for a moment. @default 's:' */
  readonly prefix?: string;
  /** How often the link is asked whether it is alive, in ms, 10..60,000. @default 200 */
  readonly beatMs?: number;
  /** How long an answer to that lasts, and so the most by which a copy is stale, in ms, from twice `beatMs` to 120,000. @default 600 */
  readonly leaseMs?: number;
  /** @default the machine's monotonic clock */
  readonly clock?: Clock;
}

/** The connections of a near cache to one Redis. */
export interface TrackingLink extends ChangeLink, AsyncDisposable {
  /** The store's commands must run on this connection: only what is read on it is heard of. */
  readonly data: RedisClient;
  readonly clock: Clock;
  /** Why there is no lease; undefined if there is one, or the connections are not there yet. */
  readonly trouble: string | undefined;
  /** Ends both connections. Later calls do nothing. */
  close(): void;
}

const OPTIONS = v.strictObject({
  prefix: v.optional(v.string('a text'), 's:'),
  beatMs: v.optional(durationMs(10, 60_000), 200),
  leaseMs: v.optional(durationMs(20, 120_000), 600),
  clock: v.optional(objectWith<Clock>('a clock', 'now', 'schedule'), () => systemClock),
});

/**
 * Opens the link. Its two connections are duplicates of `redis`, and end with it.
 * @param redis an ioredis `Redis`; nothing is sent on it
 * @throws INVALID_OPTIONS
 */
export function trackingLink(redis: TrackedRedis, options: TrackingLinkOptions = {}): TrackingLink {
  const client = resolveOptions('trackingLink', v.strictObject({ redis: TRACKED_REDIS }), { redis }).redis;
  const resolved = resolveOptions('trackingLink', OPTIONS, options);
  if (resolved.leaseMs < 2 * resolved.beatMs)
    throw new BalancerError(
      'INVALID_OPTIONS',
      `trackingLink: \`leaseMs\` must be at least twice \`beatMs\`, got ${resolved.leaseMs} and ${resolved.beatMs}`,
    );
  return new RedisLink(client, resolved);
}

type Resolved = v.InferOutput<typeof OPTIONS>;

const CHANNEL = '__redis__:invalidate';
/** So many beats without an answer, and the connections are made anew: one that died without a sign would never say so. */
const BEATS_TO_GIVE_UP = 10;
const MAX_RETRY_MS = 30_000;

class RedisLink implements TrackingLink {
  readonly data: TrackedRedis;
  readonly lease: HeldLease;
  readonly clock: Clock;
  trouble: string | undefined;
  readonly #application: TrackedRedis;
  readonly #changes: TrackedRedis;
  readonly #prefix: string;
  readonly #keyPrefix: string;
  readonly #beatMs: number;
  readonly #open = (): void => this.#connect();
  readonly #shut = (): void => this.#disconnect(false);
  #listener: ChangeListener | undefined;
  #cancel: Cancel;
  /** Grows whenever what is under way on the connections has lost its meaning. */
  #turn = 0;
  /** The number of the connection on which changes are heard, once it has subscribed. */
  #redirect: string | undefined;
  /** The key whose change proves that changes arrive; undefined when it has. */
  #proof: string | undefined;
  #isBusy = false;
  #beatsMissed = 0;
  #retryMs = 0;
  #retryAt = 0;

  constructor(application: TrackedRedis, { prefix, beatMs, leaseMs, clock }: Resolved) {
    this.#application = application;
    this.#prefix = prefix;
    this.#keyPrefix = application.options.keyPrefix ?? '';
    this.#beatMs = beatMs;
    this.lease = lease(leaseMs);
    this.clock = clock;
    this.data = application.duplicate(DATA_OPTIONS);
    this.#changes = application.duplicate(CHANGES_OPTIONS);
    for (const connection of [this.data, this.#changes]) {
      connection.on('error', () => undefined);
      connection.on('ready', () => this.#ready());
      connection.on('close', () => this.#lose());
    }
    this.#changes.on('close', () => (this.#redirect = undefined));
    this.#changes.on('messageBuffer', (_, payload) => this.#hear(payload));
    application.on('ready', this.#open);
    application.on('end', this.#shut);
    // `wait` is a client made with `lazyConnect`: then the first command of the store connects.
    if (application.status !== 'wait') this.#connect();
    this.#cancel = this.#schedule();
  }

  listen(listener: ChangeListener): void {
    this.#listener = listener;
  }

  close(): void {
    this.#cancel();
    this.#application.off('ready', this.#open);
    this.#application.off('end', this.#shut);
    this.#disconnect(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #connect(): void {
    for (const connection of [this.data, this.#changes]) {
      // How connecting fails is told by what does not happen.
      if (connection.status === 'wait' || connection.status === 'end') connection.connect().catch(() => undefined);
    }
  }

  #disconnect(isToComeBack: boolean): void {
    this.#lose();
    for (const connection of [this.data, this.#changes]) connection.disconnect(isToComeBack);
  }

  #ready(): void {
    this.#connect();
    this.#lose();
    this.#retryMs = 0;
    this.#retryAt = 0;
    this.#work();
  }

  #lose(): void {
    this.#turn++;
    this.#isBusy = false;
    this.#beatsMissed = 0;
    this.lease.lose();
  }

  #schedule(): Cancel {
    return this.clock.schedule(this.#beatMs, () => this.#tick(), true);
  }

  #tick(): void {
    this.#cancel = this.#schedule();
    if (!this.#isBusy) this.#work();
    else if (++this.#beatsMissed >= BEATS_TO_GIVE_UP) this.#disconnect(true);
  }

  /** Beats, or begins: one thing at a time. */
  #work(): void {
    if (this.data.status !== 'ready' || this.#changes.status !== 'ready') return;
    const isLive = this.lease.epoch !== 0;
    if (!isLive && this.clock.now() < this.#retryAt) return;
    const turn = ++this.#turn;
    this.#isBusy = true;
    this.#beatsMissed = 0;
    (isLive ? this.#beat(turn) : this.#begin(turn)).then(
      () => turn === this.#turn && this.#succeed(),
      (error: unknown) => turn === this.#turn && this.#fail(error),
    );
  }

  #succeed(): void {
    this.#isBusy = false;
    this.trouble = undefined;
    this.#retryMs = 0;
  }

  #fail(error: unknown): void {
    this.#lose();
    this.trouble = error instanceof Error ? error.message : String(error);
    this.#retryMs = Math.min(Math.max(2 * this.#retryMs, this.#beatMs), MAX_RETRY_MS);
    this.#retryAt = this.clock.now() + this.#retryMs;
  }

  async #beat(turn: number): Promise<void> {
    const { epoch } = this.lease;
    const sentAt = this.clock.now();
    const tracking = this.data.call('CLIENT', 'TRACKINGINFO');
    const [info] = await Promise.all([tracking, this.#changes.call('PING')]);
    if (turn !== this.#turn) return;
    if (!isTrackedTo(info, this.#redirect ?? '')) throw new Error('Redis no longer tracks the connection');
    this.lease.confirm(epoch, sentAt);
  }

  async #begin(turn: number): Promise<void> {
    if (this.#redirect === undefined) {
      // In this order: RESP2 does not let a subscriber ask for its number.
      const number = String(await this.#changes.call('CLIENT', 'ID'));
      await this.#changes.subscribe(CHANNEL);
      if (turn !== this.#turn) return;
      this.#redirect = number;
    }
    const sentAt = this.clock.now();
    const info = await this.#track(this.#redirect);
    if (turn !== this.#turn) return;
    await this.#changes.call('PING');
    if (turn !== this.#turn) return;
    if (!isTrackedTo(info, this.#redirect)) throw new Error('Redis does not track the connection');
    if (this.#proof !== undefined)
      throw new Error('changes do not arrive: the two connections may lead to different servers');
    this.lease.begin(sentAt);
  }

  /**
   * Has Redis track the data connection. Our own writes are left out, or each would throw away what it has just brought; but the first
   * one is the proof: a number of a connection that belongs to another server would be accepted without a word.
   */
  async #track(redirect: string): Promise<unknown> {
    this.#proof = `${this.#prefix}proof-${randomBytes(9).toString('base64url')}`;
    const tracking = ['client', 'TRACKING', 'ON', 'REDIRECT', redirect];
    const replies = await this.data
      .pipeline([
        tracking,
        ['get', this.#proof],
        ['set', this.#proof, '', 'PX', '1000'],
        [...tracking, 'NOLOOP'],
        ['del', this.#proof],
        ['client', 'TRACKINGINFO'],
      ])
      .exec();
    for (const [error] of replies ?? []) if (error !== null) throw error;
    return replies?.at(-1)?.[1];
  }

  /** A list of keys, or nothing at all for all of them. Whatever else is published there is no news that we could understand. */
  #hear(payload: unknown): void {
    if (!Array.isArray(payload)) return this.#listener?.changedAll();
    for (const key of payload) {
      const name = String(key).slice(this.#keyPrefix.length);
      if (name === this.#proof) this.#proof = undefined;
      else this.#listener?.changed(name);
    }
  }
}
