/**
 * What all requests of one proxy share.
 */
import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import type { Cluster } from '@evenkeel/core';
import type { Affinity } from './affinity/affinity.ts';
import type { RequestHooks } from './hooks/request-hooks.ts';
import type { ResponseHooks } from './hooks/response-hooks.ts';
import type { ResolvedProxyOptions } from './options.ts';
import type { Peer } from './peer.ts';
import type { RequestHeadPolicy } from './request-head.ts';

export interface InboundHost {
  readonly cluster: Cluster;
  readonly options: ResolvedProxyOptions;
  readonly headPolicy: RequestHeadPolicy;
  /** For `cluster`. */
  readonly affinity: Affinity | undefined;
  /** For a cluster that `router` has chosen: routes mean something in their own cluster only. */
  affinityOf(cluster: Cluster): Affinity | undefined;
  /** Undefined as long as no option asks for one, which costs a request one comparison. */
  readonly requestHooks: RequestHooks | undefined;
  readonly responseHooks: ResponseHooks | undefined;
  /** Whose word about clients behind them is taken. */
  readonly trusted: BlockList | undefined;
  peerOf(socket: IncomingMessage['socket']): Peer;
  /** The response is over, one way or the other. */
  onClosed(): void;
}
