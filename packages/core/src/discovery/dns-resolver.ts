/**
 * The addresses of a DNS name: one endpoint for each `A` or `AAAA` record, asked for again when the records have lived their time.
 * A client that resolves only when it connects never meets new instances while its connections last (grpc/grpc-node issue 2455).
 *
 * When: a headless service of Kubernetes, a compose network, any name with one address per instance. When not: the name has one
 * virtual address, as most services of Kubernetes do, and whoever is behind it balances already; or ports and weights differ, for which
 * there is `srvResolver()`. Stale answers: the set is as fresh as the time to live, so keep retries of connection failures on. The `Host` field
 * is the address, unless a request brings its own.
 */
import type { EndpointOptions } from '../endpoint.ts';
import { durationMs, integerIn, resolveOptions, v } from '../options.ts';
import { addressFamily, dnsName, dnsServers, scheme, urlOf } from './dns-name.ts';
import type { Resolver, ResolverIo } from './resolver.ts';

/** Which name to ask for, and how often. */
export interface DnsResolverOptions {
  /** The whole name: no search domain is tried and no hosts file read. */
  readonly name: string;
  /** Where the endpoints listen, 1..65535. */
  readonly port: number;
  /** 4 asks for `A` records, 6 for `AAAA`. @default 4 */
  readonly family?: 4 | 6;
  /**
   * With `https`, give the cluster `tls: { servername }` as well: the endpoints are addresses and their certificate is for a name.
   * Without it every connection is refused, since no certificate fits. @default 'http'
   */
  readonly protocol?: 'http' | 'https';
  /** Name servers to ask, `address` or `address:port`. @default the system's */
  readonly servers?: readonly string[];
  /** ms between two lookups at least, however short the time to live, 100..2^31-1. @default 5_000 */
  readonly minTtlMs?: number;
  /** ms between two lookups at most, `minTtlMs`..2^31-1, but for the jitter of 10 %. @default 300_000 */
  readonly maxTtlMs?: number;
}

const schema = v.pipe(
  v.strictObject({
    name: dnsName,
    port: integerIn(1, 65_535),
    family: v.optional(addressFamily, 4),
    protocol: v.optional(scheme, 'http'),
    servers: v.optional(dnsServers),
    minTtlMs: v.optional(durationMs(100), 5_000),
    maxTtlMs: v.optional(durationMs(100)),
  }),
  v.transform(({ maxTtlMs, ...rest }) => ({ ...rest, maxTtlMs: maxTtlMs ?? Math.max(300_000, rest.minTtlMs) })),
  v.forward(
    v.check(({ minTtlMs, maxTtlMs }) => minTtlMs <= maxTtlMs, 'at least `minTtlMs`'),
    ['maxTtlMs'],
  ),
);

/** One endpoint per address of a name; its id is its origin. @throws INVALID_OPTIONS */
export function dnsResolver(options: DnsResolverOptions): Resolver {
  const given = resolveOptions('dnsResolver', schema, options);
  const { name, port, family, protocol, servers, minTtlMs, maxTtlMs } = given;
  async function* resolve(io: ResolverIo): AsyncIterable<readonly EndpointOptions[]> {
    for (;;) {
      const records = await io.resolveAddresses(name, family, servers);
      // Servers rotate their records from answer to answer, and some repeat one.
      const addresses = [...new Set(records.map(({ address }) => address))].toSorted();
      yield addresses.map((address) => ({ url: urlOf(protocol, address, family, port) }));
      const ttlMs = Math.min(...records.map(({ ttlSeconds }) => ttlSeconds)) * 1_000;
      // Later rather than earlier: before its time is up, a cache would give the same answer again.
      await io.sleep(Math.min(maxTtlMs, Math.max(minTtlMs, ttlMs)) * (1 + io.random.unit() / 10));
    }
  }
  return { name: `dns ${name}`, resolve };
}
