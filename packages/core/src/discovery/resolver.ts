/**
 * Where the members of a cluster come from, if not from a list: a resolver yields the whole set whenever it may have changed. The
 * cluster takes the difference, so that what was learned about endpoints that stay is kept; it holds the last good set while the
 * resolver fails.
 *
 * A set is good if a list of it would be: at least one endpoint, no id and no route twice. So an empty set is never obeyed. Whoever
 * finds no member is more often mistaken than right, and endpoints that are really gone refuse their connections anyway.
 */
import type { EndpointOptions } from '../endpoint.ts';
import type { Cancel } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';

/** A record of an `A` or `AAAA` lookup. */
export interface AddressRecord {
  readonly address: string;
  readonly ttlSeconds: number;
}

/** A record of an `SRV` lookup. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  /** Lower is used first. */
  readonly priority: number;
  readonly weight: number;
}

/** The world as a resolver may use it. */
export interface ResolverIo {
  /** Aborts when the cluster closes. */
  readonly signal: AbortSignal;
  readonly random: Random;
  /** Milliseconds on the cluster's clock. */
  now(): number;
  /** Resolves after `ms`, or as soon as `until` does; rejects when the signal aborts. Does not hold the process. */
  sleep(ms: number, until?: Promise<void>): Promise<void>;
  /** Tells of a failure that the resolver survives. The last good set stands. */
  fail(error: unknown): void;
  /**
   * The records of exactly this name; no search domain is tried and no hosts file read.
   * @param servers `address` or `address:port`. Without it the system's are asked
   * @throws an error with a `code` of `node:dns`; `ENOTFOUND` and `ENODATA` mean that there is no record
   */
  resolveAddresses(name: string, family: 4 | 6, servers?: readonly string[]): Promise<readonly AddressRecord[]>;
  /** The same for `SRV` records. Their time to live is not known. */
  resolveServices(name: string, servers?: readonly string[]): Promise<readonly ServiceRecord[]>;
  /** @throws if there is no such file, or if it is larger than `maxBytes` */
  readFile(path: string, maxBytes: number): Promise<string>;
  /** Calls `onChange` when the file, or what has its name, may have changed. It may miss a change: ask now and then as well. */
  watchFile(path: string, onChange: () => void): Cancel;
}

/** One way to learn the members of a cluster. */
export interface Resolver {
  /** Appears in errors. */
  readonly name: string;
  /**
   * Yields whole sets until `io.signal` aborts; the same one again does no harm. One that throws, or ends before its first set, is
   * started again after 1 to 30 s; what it yielded before stands. One that ends later has said all it has to say.
   * Simplest: `{ name: 'mine', async *resolve() { yield ['http://10.0.0.1:3000'] } }`.
   */
  resolve(io: ResolverIo): AsyncIterable<readonly (string | EndpointOptions)[]>;
}
