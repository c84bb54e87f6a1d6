/**
 * The targets of a DNS service: `SRV` records say port, weight and priority of each, so that the operator of the service decides about
 * them and not each of its clients.
 *
 * When: Kubernetes' named ports of a headless service, Consul's DNS, Nomad. When not: there is no `SRV` record, or only addresses and one
 * port matter; `dnsResolver()` then has less to ask.
 * @see RFC 2782
 */
import type { EndpointOptions } from '../endpoint.ts';
import { durationMs, resolveOptions, v } from '../options.ts';
import { addressFamily, dnsName, dnsServers, scheme, urlOf } from './dns-name.ts';
import type { Resolver, ResolverIo, ServiceRecord } from './resolver.ts';

/** Which service to ask for, and how often. */
export interface SrvResolverOptions {
  /** Such as `_http._tcp.shop.example`; the whole name: no search domain is tried. */
  readonly service: string;
  /** 4 asks for `A` records of the targets, 6 for `AAAA`. @default 4 */
  readonly family?: 4 | 6;
  /** With `https`, give the cluster `tls: { servername }` as well, see `dnsResolver()`. @default 'http' */
  readonly protocol?: 'http' | 'https';
  /** Name servers to ask, `address` or `address:port`. @default the system's */
  readonly servers?: readonly string[];
  /** ms between two lookups, but for a jitter of 10 %, 100..2^31-1. The records' time to live is not known. @default 30_000 */
  readonly refreshMs?: number;
}

const schema = v.strictObject({
  service: dnsName,
  family: v.optional(addressFamily, 4),
  protocol: v.optional(scheme, 'http'),
  servers: v.optional(dnsServers),
  refreshMs: v.optional(durationMs(100), 30_000),
});

/**
 * One endpoint per target and address. The lowest priority number becomes 0, the next one 1 and so on; a weight of 0 becomes 1. Its id is
 * `target:port`, so that an instance that comes back under its name at another address keeps what sticks to it; a target with several
 * addresses has `target:port/address`.
 * @throws INVALID_OPTIONS
 */
export function srvResolver(options: SrvResolverOptions): Resolver {
  const given = resolveOptions('srvResolver', schema, options);
  const { service, family, protocol, servers, refreshMs } = given;

  async function* resolve(io: ResolverIo): AsyncIterable<readonly EndpointOptions[]> {
    const known = new Map<string, readonly string[]>();
    for (;;) {
      const records = await io.resolveServices(service, servers);
      const names = new Set(records.map(({ name }) => name).filter(isTarget));
      await Promise.all([...names].map((name) => lookUp(io, name, known)));
      for (const name of [...known.keys()]) if (!names.has(name)) known.delete(name);
      yield endpointsOf(records, known);
      await io.sleep(refreshMs * (1 + io.random.unit() / 10));
    }
  }

  /** A target that has no address is left out; one whose server does not answer keeps the addresses it had. */
  async function lookUp(io: ResolverIo, name: string, known: Map<string, readonly string[]>): Promise<void> {
    try {
      const found = await io.resolveAddresses(name, family, servers);
      known.set(name, [...new Set(found.map(({ address }) => address))].toSorted());
    } catch (error) {
      if (isNoRecord(error)) known.delete(name);
      io.fail(error);
    }
  }

  function endpointsOf(records: readonly ServiceRecord[], known: ReadonlyMap<string, readonly string[]>) {
    const priorities = [...new Set(records.map(({ priority }) => priority))].toSorted((a, b) => a - b);
    const byId = new Map<string, EndpointOptions>();
    for (const { name, port, priority, weight } of records.toSorted((a, b) => a.priority - b.priority)) {
      const addresses = known.get(name) ?? [];
      for (const address of addresses) {
        const id = addresses.length === 1 ? `${name}:${port}` : `${name}:${port}/${address}`;
        const rank = Math.min(255, priorities.indexOf(priority));
        const endpoint = {
          id,
          url: urlOf(protocol, address, family, port),
          priority: rank,
          weight: Math.max(1, weight),
        };
        if (!byId.has(id)) byId.set(id, endpoint);
      }
    }
    return [...byId.values()].toSorted((a, b) => (a.id! < b.id! ? -1 : 1));
  }

  return { name: `srv ${service}`, resolve };
}

/** The root as a target says that the service is decidedly not there. */
function isTarget(name: string): boolean {
  return name !== '' && name !== '.';
}

function isNoRecord(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ENOTFOUND' || code === 'ENODATA';
}
