/** What a tracking link uses of ioredis, and how the two connections that it makes differ from the application's. */
import { objectWith, v } from '@evenkeel/core/options';
import type { RedisClient } from '../stores/redis-client.ts';

/** An ioredis `Redis`, to a single server or through Sentinel. */
export interface TrackedRedis extends RedisClient {
  readonly isCluster?: boolean;
  readonly options: { readonly keyPrefix?: string | undefined };
  duplicate(options: object): TrackedRedis;
  subscribe(channel: string): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  on(event: 'ready' | '+node' | 'close' | 'end' | 'error', listener: () => void): unknown;
  on(event: 'messageBuffer', listener: (channel: Buffer, payload: unknown) => void): unknown;
  off(event: 'ready' | '+node' | 'end', listener: () => void): unknown;
}

const NOUN = 'an ioredis client of a single server or Sentinel';

/** For `resolveOptions`. In a Cluster a command may go to a node that nobody listens to: its connections are not ours to arm. */
export const TRACKED_REDIS: v.GenericSchema<TrackedRedis> = v.pipe(
  objectWith<TrackedRedis>(NOUN, 'duplicate', 'pipeline', 'subscribe', 'disconnect'),
  v.check(({ isCluster }) => isCluster !== true, NOUN),
);

type ConnectionOptions = Readonly<Record<string, boolean | number>>;

/**
 * The connection for the store's own commands. Nothing is sent twice, nothing waits for a connection to come back, and what has no
 * answer when the connection goes fails with it: by itself ioredis would never settle a command that it does not send again.
 */
export const DATA_OPTIONS: ConnectionOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
};

/** The connection on which changes are heard. ioredis hands them over in RESP2 only; after a reconnect we subscribe ourselves, in time. */
export const CHANGES_OPTIONS: ConnectionOptions = { ...DATA_OPTIONS, protocol: 2, autoResubscribe: false };

/** True if a reply to `CLIENT TRACKINGINFO` says that changes go to `redirect`. ioredis hands it over as a list, an object or a Map. */
export function isTrackedTo(info: unknown, redirect: string): boolean {
  const flags = memberOf(info, 'flags');
  const isOn =
    Array.isArray(flags) && flags.map(String).includes('on') && !flags.map(String).includes('broken_redirect');
  return isOn && String(memberOf(info, 'redirect')) === redirect;
}

function memberOf(reply: unknown, name: string): unknown {
  if (reply instanceof Map) return reply.get(name);
  if (Array.isArray(reply)) return reply[reply.indexOf(name) + 1];
  return Reflect.get(Object(reply), name);
}
