/**
 * Stickiness as the rest of the proxy sees it: what a request hangs on, and what its response tells the client about that. Each mode
 * is one file beside this that makes an `Affinity`.
 */
import type { IncomingMessage } from 'node:http';
import type { Cluster, Endpoint } from '@evenkeel/core';
import type { RequestClient } from '../keys.ts';

/** What one request hangs on. Filled in by `readRequest`, looked at by the cluster and by `writeResponse`. */
export interface Stickiness extends RequestClient {
  key: number;
  /** The route of the endpoint; `ROUTE_OF_KEY` for whoever the key belongs to; undefined for no matter whom. */
  preferred: string | undefined;
  /** Nothing but the endpoint of `preferred` will do. */
  isStrict: boolean;
  /** What the session is called, without its route: the cookie's value, or the client's network. Undefined if there is none yet. */
  token: string | undefined;
  /** `token` stood in the path and in no cookie. */
  isFromPath: boolean;
  /** Path and query for the endpoint. */
  path: string;
}

/** What `writeResponse` has to know about the exchange. */
export interface StickyResponse extends Stickiness {
  /** The endpoint that the session sticks to is alive, and only this request went elsewhere. */
  readonly isDetour: boolean;
  readonly isSecure: boolean;
  readonly hasSetCookie: boolean;
  /** The endpoint or earlier middleware has set `Cache-Control`. */
  readonly hasCacheControl: boolean;
}

/** One way to make requests stick. */
export interface Affinity {
  /** How much more than its share of what is in flight an endpoint may have before requests that stick to it take a detour. */
  readonly maxLoadRatio: number;
  /**
   * @param fields the head for the endpoint; cookies in it may be changed, and whole `Cookie` fields removed, in place
   * @param cookieAt index of the first `Cookie` value, -1 if there is none
   * @param request as the client sent it
   */
  readRequest(fields: string[], cookieAt: number, stickiness: Stickiness, request: IncomingMessage): void;
  /** @param fields the head for the client; fields may be changed, added and removed */
  writeResponse(fields: string[], response: StickyResponse, endpoint: Endpoint): void;
}

/** What the affinity asks of its cluster. */
export type RouteTable = Pick<Cluster, 'endpointOfRoute' | 'endpoints'>;

/** A mode with its options, before it has a cluster. */
export type AffinityMode = (cluster: RouteTable) => Affinity;

/** What all modes have in common. */
export interface AffinityRules {
  /** A request whose endpoint is gone fails with 503, instead of moving. */
  readonly isStrict: boolean;
  readonly maxLoadRatio: number;
}
