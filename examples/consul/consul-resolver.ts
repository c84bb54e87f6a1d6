/**
 * The healthy instances of a Consul service as a resolver. Blocking queries: Consul answers when something has changed, or when the time is
 * up, so a change is known at once and nothing is polled.
 */
import type { EndpointOptions, Resolver, ResolverIo } from '@evenkeel/core';

/** The part of `/v1/health/service/:name` that is of use. */
export interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Weights?: { readonly Passing: number };
  };
}

const WAIT_SECONDS = 60;

/** @param base such as `http://127.0.0.1:8500` */
export function consulResolver(base: string, service: string, token?: string): Resolver {
  async function ask(index: number, signal: AbortSignal): Promise<Response> {
    const url = new URL(`/v1/health/service/${encodeURIComponent(service)}`, base);
    url.search = `passing=true&index=${index}&wait=${WAIT_SECONDS}s`;
    // Consul itself adds up to a sixteenth to the wait, so that its clients do not all come back at once.
    const deadline = AbortSignal.timeout(WAIT_SECONDS * 1_000 * (17 / 16) + 5_000);
    const headers: Record<string, string> = token === undefined ? {} : { 'X-Consul-Token': token };
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, deadline]) });
    if (!response.ok) throw new Error(`Consul answered ${response.status} for ${service}`);
    return response;
  }

  async function* resolve(io: ResolverIo): AsyncIterable<readonly EndpointOptions[]> {
    for (let index = 0; ;) {
      const response = await ask(index, io.signal);
      const next = Number(response.headers.get('x-consul-index'));
      // An index that goes back is that of a server that was restored: start over. One of 0 would make every query return at once.
      index = next < index ? 0 : Math.max(1, next);
      // That a query returns does not mean that this service has changed; the cluster takes the difference.
      yield ((await response.json()) as HealthEntry[]).map(endpointOf);
      // A service that changes all the time must not make us ask all the time.
      await io.sleep(100 + io.random.unit() * 100);
    }
  }

  return { name: `consul ${service}`, resolve };
}

/** An instance's id is unique on its node only. Its address is its node's unless it has its own. */
function endpointOf({ Node, Service }: HealthEntry): EndpointOptions {
  const address = Service.Address || Node.Address;
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    id: `${Node.Node}/${Service.ID}`,
    url: `http://${host}:${Service.Port}`,
    weight: Math.max(1, Service.Weights?.Passing ?? 1),
  };
}
