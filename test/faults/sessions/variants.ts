/**
 * The ways in which the session store is put under faults: the one place that knows how a store is made, and how a client of each
 * kind of Redis is.
 */
import { Cluster, Redis } from 'ioredis';
import { redisSessionStore, type SessionStore } from '@evenkeel/session-store';

/** Where the sessions are. */
export type Place =
  | { readonly kind: 'single'; readonly port: number }
  | { readonly kind: 'sentinel'; readonly ports: readonly number[]; readonly name: string }
  | { readonly kind: 'cluster'; readonly ports: readonly number[] };

/** What a variant is put to. `failover` needs replicas, and the others have none. */
export type Proof = 'storm' | 'outage' | 'failover';

export interface Variant {
  /** What it is put to always, and what only with `EVENKEEL_FAULTS=full`. */
  readonly short: readonly Proof[];
  readonly full: readonly Proof[];
  readonly acknowledge?: 'replica';
  /** Sends a new master what the old one acknowledged last. */
  readonly isResilient?: true;
  /** Answers reads from memory. Not for Cluster. */
  readonly isCached?: true;
}

export const VARIANTS = {
  plain: { short: ['storm', 'outage', 'failover'], full: ['storm', 'outage', 'failover'] },
  replica: { short: ['failover'], full: ['failover'], acknowledge: 'replica' },
  resend: { short: [], full: ['storm', 'outage', 'failover'], isResilient: true },
  'replica and resend': { short: [], full: ['failover'], acknowledge: 'replica', isResilient: true },
  'near cache': { short: [], full: ['storm', 'outage'], isCached: true },
  'near cache and resend': {
    short: ['storm', 'outage'],
    full: ['storm', 'outage', 'failover'],
    isCached: true,
    isResilient: true,
  },
} as const satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;

/** The variants for a proof. */
export function variantsFor(proof: Proof, isFull: boolean): [VariantName, Variant][] {
  const all: [string, Variant][] = Object.entries(VARIANTS);
  return all.filter(([, { short, full }]) => (isFull ? full : short).includes(proof)) as [VariantName, Variant][];
}

/** How old a read of the variant may be on another instance, in ms. */
export function leaseOf({ isCached }: Variant): number {
  return isCached === true ? 600 : 0;
}

/** Reconnects sooner than by default: a test is not to wait longer for the client than for the server. */
const RETRY_MS = 50;

export function clientOf(place: Place): Redis | Cluster {
  const client = connected(place);
  // A Redis that fails is what the tests are about; an error event without a listener is printed.
  client.on('error', () => undefined);
  return client;
}

function connected(place: Place): Redis | Cluster {
  const retryStrategy = (): number => RETRY_MS;
  if (place.kind === 'single') return new Redis({ host: '127.0.0.1', port: place.port, retryStrategy });
  const hosts = place.ports.map((port) => ({ host: '127.0.0.1', port }));
  if (place.kind === 'cluster') return new Cluster(hosts, { clusterRetryStrategy: retryStrategy });
  const sentinelRetryStrategy = retryStrategy;
  return new Redis({ sentinels: hosts, name: place.name, retryStrategy, sentinelRetryStrategy });
}

export interface OpenStore {
  readonly store: SessionStore;
  close(): void;
}

/** A store of the variant over a client of its own. */
export function openStore(name: VariantName, place: Place, prefix: string): OpenStore {
  const { acknowledge, isCached, isResilient }: Variant = VARIANTS[name];
  const client = clientOf(place);
  const store = redisSessionStore(client, {
    prefix,
    nearCache: isCached === true,
    ...(isResilient === undefined && { resendMs: 0 }),
    ...(acknowledge !== undefined && { acknowledge }),
  });
  return {
    store,
    close() {
      store.close();
      client.disconnect();
    },
  };
}
