/**
 * Another cluster than the proxy's own, chosen by request.
 */
import type { IncomingMessage } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { hasDotSegment, isBelow, pathOf } from '../paths.ts';

/**
 * Clusters by `host`, `host/path` or `/path`, of which the first that fits counts; or a function. Undefined is the proxy's own cluster.
 */
export type RequestRouter =
  | Readonly<Record<string, Cluster>>
  | ((req: IncomingMessage) => Cluster | undefined | PromiseLike<Cluster | undefined>);

type Chosen = Cluster | undefined | PromiseLike<Cluster | undefined>;

/** @param host the client's `Host`. @param path path and query, before they are rewritten */
export type Route = (req: IncomingMessage, host: string | undefined, path: string) => Chosen;

export function routeOf(router: RequestRouter | undefined): Route | undefined {
  if (router === undefined) return undefined;
  if (typeof router === 'function') return (req) => router(req);
  const table = Object.entries(router).map(([key, cluster]) => {
    const slash = key.indexOf('/');
    const host = slash < 0 ? key : key.slice(0, slash);
    return { host: host.toLowerCase(), prefix: slash < 0 ? '/' : key.slice(slash), cluster };
  });
  const hasPaths = table.some(({ prefix }) => prefix !== '/');
  return (_req, host, target) => {
    const path = pathOf(target);
    if (hasPaths && hasDotSegment(path)) {
      throw new BalancerError('BAD_REQUEST', 'a path that decides where a request goes may not hold dot segments');
    }
    const lower = host?.toLowerCase();
    return table.find((entry) => (entry.host === '' || entry.host === lower) && isBelow(path, entry.prefix))?.cluster;
  };
}

/** @throws INVALID_OPTIONS */
export function assertCluster(value: unknown): asserts value is Cluster {
  if (typeof value === 'object' && value !== null && typeof Reflect.get(value, 'exchange') === 'function') return;
  throw new BalancerError('INVALID_OPTIONS', '`router` must give a cluster or undefined');
}
