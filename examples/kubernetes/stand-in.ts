/** As much of a Kubernetes API server as the example needs: EndpointSlices, listed and watched. */
import { once } from 'node:events';
import http from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EndpointSlice, SliceEndpoint } from './endpoint-slices.ts';

export interface ApiServerStandIn {
  readonly url: string;
  /** Lists and watches so far. */
  readonly asked: ('list' | 'watch')[];
  /** Makes or changes a slice and tells those who watch. */
  put(name: string, endpoints: readonly SliceEndpoint[], port: number): void;
  /** Forgets what was before, so that whoever watches from there has to list again. */
  compact(): void;
  close(): void;
}

const READY = { ready: true, serving: true, terminating: false };

/** A pod as a slice lists it. */
export function pod(n: number, conditions = READY): SliceEndpoint {
  return { addresses: ['127.0.0.1'], conditions, zone: `zone-${n}`, targetRef: { uid: `pod-${n}` } };
}

export async function startApiServer(): Promise<ApiServerStandIn> {
  const asked: ('list' | 'watch')[] = [];
  const slices = new Map<string, EndpointSlice>();
  const watchers = new Set<ServerResponse>();
  let version = 100;
  let oldest = 0;
  const server = http.createServer((req, res) => {
    const query = new URL(req.url!, 'http://api').searchParams;
    asked.push(query.has('watch') ? 'watch' : 'list');
    if (!query.has('watch')) {
      res.end(JSON.stringify({ metadata: { resourceVersion: `${version}` }, items: [...slices.values()] }));
    } else if (Number(query.get('resourceVersion')) < oldest) {
      res.writeHead(410).end('{"kind":"Status","code":410}');
    } else {
      res.flushHeaders();
      watchers.add(res);
      const from = Number(query.get('resourceVersion'));
      for (const slice of slices.values()) if (Number(slice.metadata.resourceVersion) > from) tell(res, slice);
    }
  });
  const tell = (watcher: ServerResponse, object: unknown, type = 'MODIFIED'): void =>
    void watcher.write(`${JSON.stringify({ type, object })}\n`);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    put(name, endpoints, port) {
      const metadata = { name, resourceVersion: `${++version}` };
      const slice: EndpointSlice = { metadata, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port }] };
      slices.set(name, slice);
      for (const watcher of watchers) tell(watcher, slice);
    },
    compact() {
      oldest = ++version;
      for (const watcher of watchers) {
        tell(watcher, { code: 410, message: 'too old resource version' }, 'ERROR');
        watcher.end();
      }
      watchers.clear();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
