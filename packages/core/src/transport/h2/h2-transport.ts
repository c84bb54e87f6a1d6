/**
 * HTTP/2 to endpoints over Node's own client. undici has HTTP/2 too, but hides its sessions and streams, which have to be kept in order
 * (see http2-lifetime.ts), and sends no request trailers.
 */
import type { Endpoint } from '../../endpoint.ts';
import type { Transport } from '../transport.ts';
import { H2Connections } from './connections.ts';
import type { TransportOptions } from '../transport-options.ts';

/**
 * HTTP/2 and nothing else: over TLS to `https:` endpoints, with prior knowledge to `http:` endpoints (RFC 9113 section 3.3). A request
 * with `upgrade` needs an endpoint that speaks extended CONNECT (RFC 8441); elsewhere it fails with `connect-failed`.
 */
export function h2Transport(options: TransportOptions): Transport {
  const known = new Map<Endpoint, H2Connections>();
  return {
    send(endpoint, request, handler) {
      try {
        let connections = known.get(endpoint);
        if (connections === undefined) {
          connections = new H2Connections(endpoint, options, undefined);
          known.set(endpoint, connections);
        }
        connections.send(request, handler);
      } catch (error) {
        handler.onResponseError(null, error as Error);
      }
    },
    async release(endpoint, isForced) {
      const connections = known.get(endpoint);
      known.delete(endpoint);
      await connections?.release(isForced);
    },
  };
}
