/**
 * Which wire client speaks to a cluster's endpoints.
 */
import { h1Transport } from './h1/h1-transport.ts';
import { negotiatedTransport } from './h2/negotiated-transport.ts';
import type { TransportOptions } from './transport-options.ts';
import type { Transport } from './transport.ts';
import { undiciTransport } from './undici-transport.ts';

/** What the cluster's options say. */
export interface TransportChoice extends TransportOptions {
  readonly transport: 'auto' | 'h1' | 'undici';
  readonly http2: boolean;
}

export function createTransport(choice: TransportChoice): Transport {
  if (choice.transport === 'undici') return undiciTransport(choice);
  const h1 = h1Transport(choice);
  return choice.http2 ? negotiatedTransport(h1, choice) : h1;
}
