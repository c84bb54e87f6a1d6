/**
 * What every adapter law stands on: raw endpoints, a cluster over them, and the adapter's server in front.
 */
import { once } from 'node:events';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster, roundRobin } from '@evenkeel/core';
import type { Cluster, ClusterOptions, Strategy } from '@evenkeel/core';
import type { ProxyOptions } from '@evenkeel/proxy';
import { rawRequest, rawServer } from './wire.ts';
import type { RawHandler, RawMessage, RawServer } from './wire.ts';

/** A listening server with the adapter in it. */
export interface AdapterServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Puts a server on a free loopback port. */
export async function listen(server: http.Server): Promise<AdapterServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts a server that passes every request on to the cluster. */
export type MakeServer = (cluster: Cluster, options?: ProxyOptions) => Promise<AdapterServer>;

/** One law and why an adapter cannot hold it. */
export interface SkippedLaw {
  readonly law: number;
  readonly reason: string;
}

/** Defines the tests of one law. */
export type Law = (law: number, sentence: string, run: (rig: Rig) => Promise<void>) => void;

export interface RigOptions {
  readonly proxy?: ProxyOptions;
  readonly cluster?: Partial<ClusterOptions>;
  /** One raw endpoint per handler. */
  readonly endpoints?: readonly RawHandler[];
}

/** One arrangement for one test; `start` may be called more than once. */
export interface Rig {
  start(options?: RigOptions): Promise<Arrangement>;
}

export interface Arrangement {
  readonly front: number;
  readonly cluster: Cluster;
  readonly endpoints: readonly RawServer[];
  /** The first endpoint. */
  readonly endpoint: RawServer;
  /** Sends bytes to the front on a connection of their own. */
  request(bytes: string, options?: { isBodiless?: boolean }): Promise<RawMessage>;
  /** The last request that reached the first endpoint. */
  last(): RawMessage;
}

/** The first endpoint first, and the others in order only after it failed. */
export const inOrder: Strategy = {
  name: 'in order',
  build: (endpoints) => ({ pick: ({ attempt }) => endpoints[attempt % endpoints.length] }),
};

/** A rig and the way to take everything down that it has started. */
export function makeRig(makeServer: MakeServer): Rig & { end(): Promise<void> } {
  const undo: (() => Promise<void>)[] = [];
  return {
    async start({ proxy, cluster: clusterOptions, endpoints: handlers = [undefined as never] } = {}) {
      const endpoints = await Promise.all(handlers.map((handler) => rawServer(handler)));
      const urls = endpoints.map((endpoint) => endpoint.url);
      const cluster = createCluster({ strategy: roundRobin(), endpoints: urls, ...clusterOptions });
      const server = await makeServer(cluster, proxy);
      undo.push(async () => {
        await server.close();
        await Promise.all(endpoints.map((endpoint) => endpoint.close()));
        await cluster.close();
      });
      return {
        front: server.port,
        cluster,
        endpoints,
        endpoint: endpoints[0]!,
        request: (bytes, options) => rawRequest(server.port, bytes, options),
        last: () => endpoints[0]!.requests.at(-1)!,
      };
    },
    async end() {
      for (const stop of undo.splice(0)) await stop();
    },
  };
}

/** The head of a request to `a.example`, with its empty line. @param fields whole lines */
export function get(path = '/', ...fields: string[]): string {
  return requestOf('GET', path, ...fields);
}

export function requestOf(method: string, path: string, ...fields: string[]): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: a.example', ...fields, '', ''].join('\r\n');
}

/** Bytes in chunked coding, whole. */
export function chunked(...chunks: string[]): string {
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
}
