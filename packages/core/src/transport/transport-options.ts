import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { TlsOptions } from './tls.ts';

/** What the HTTP/1.1 connections of a cluster have in common, whoever makes them. */
export interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** ms that an idle connection is kept if the endpoint does not say. */
  readonly keepAliveMs: number;
  readonly maxHeadBytes: number;
  /** Per endpoint; undefined for no limit. */
  readonly maxConnections?: number | undefined;
  /** ms after which a connection is not used again, more or less; undefined for no limit. */
  readonly maxConnectionAgeMs?: number | undefined;
  readonly tls: TlsOptions | undefined;
  readonly clock: Clock;
  readonly random: Random;
}
