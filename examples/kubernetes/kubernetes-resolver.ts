/**
 * The endpoints of a Kubernetes service as a resolver: list its EndpointSlices once, then watch them for changes. `kubectl proxy` gives an
 * address to talk to; in a pod, bring the service account's token and authority.
 */
import type { EndpointOptions, Resolver, ResolverIo } from '@evenkeel/core';
import { endpointsOf } from './endpoint-slices.ts';
import type { EndpointSlice } from './endpoint-slices.ts';

interface SliceList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly EndpointSlice[];
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: EndpointSlice & { readonly code?: number; readonly message?: string };
}

/** What was asked for is too old to be known: list again. */
const GONE = 410;

/** @param base of the API server, such as `http://127.0.0.1:8001` */
export function kubernetesResolver(base: string, namespace: string, service: string, portName?: string): Resolver {
  async function get(query: string, signal: AbortSignal): Promise<Response> {
    const url = new URL(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, base);
    url.search = `labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${service}`)}${query}`;
    const response = await fetch(url, { signal });
    if (!response.ok && response.status !== GONE)
      throw new Error(`Kubernetes answered ${response.status} for ${service}`);
    return response;
  }

  async function* resolve(io: ResolverIo): AsyncIterable<readonly EndpointOptions[]> {
    for (;;) {
      const list = (await (await get('', io.signal)).json()) as SliceList;
      const slices = new Map(list.items.map((slice) => [slice.metadata.name, slice]));
      yield endpointsOf(slices.values(), portName);
      for await (const isChanged of follow(slices, list.metadata.resourceVersion, io)) {
        if (isChanged) yield endpointsOf(slices.values(), portName);
      }
      await io.sleep(500 + io.random.unit() * 1_000);
    }
  }

  /** Keeps `slices` up to date until the server no longer knows the version. A watch ends now and then, and goes on where it was. */
  async function* follow(slices: Map<string, EndpointSlice>, from: string, io: ResolverIo): AsyncIterable<boolean> {
    for (let version = from; ;) {
      const query = `&watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${version}`;
      const response = await get(query, io.signal);
      if (response.status === GONE) return void (await response.body?.cancel());
      for await (const line of linesOf(response.body!)) {
        const { type, object } = JSON.parse(line) as WatchEvent;
        if (type === 'ERROR' && object.code === GONE) return;
        if (type === 'ERROR') throw new Error(`Kubernetes: ${object.message}`);
        version = object.metadata.resourceVersion;
        if (type === 'DELETED') slices.delete(object.metadata.name);
        else if (type !== 'BOOKMARK') slices.set(object.metadata.name, object);
        yield type !== 'BOOKMARK';
      }
      await io.sleep(100 + io.random.unit() * 900);
    }
  }

  return { name: `kubernetes ${namespace}/${service}`, resolve };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}
