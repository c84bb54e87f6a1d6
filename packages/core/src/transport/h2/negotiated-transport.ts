/**
 * HTTP/2 where the endpoint speaks it, HTTP/1.1 where it doesn't. Over TLS that is agreed on in the handshake (ALPN, RFC 7301); without
 * TLS an endpoint speaks HTTP/2 by prior knowledge.
 */
import type { Endpoint } from '../../endpoint.ts';
import type { Transport } from '../transport.ts';
import { H2Connections } from './connections.ts';
import type { TransportOptions } from '../transport-options.ts';

/** How often an endpoint that spoke HTTP/1.1 is asked again, when it has something to do. The answer is waited for by nobody. */
const ASK_AGAIN_MS = 60_000;

interface Known {
  readonly connections: H2Connections;
  isHttp1: boolean;
  askAgainAt: number;
}

/**
 * The handshake that tells what an endpoint speaks is wasted if that is HTTP/1.1: the connection is not handed on.
 * @param h1 what requests go through to endpoints that speak HTTP/1.1, and requests with `upgrade` to those whose HTTP/2 has no extended
 * CONNECT
 */
export function negotiatedTransport(h1: Transport, options: TransportOptions): Transport {
  const known = new Map<Endpoint, Known>();

  function learn(endpoint: Endpoint): Known {
    const connections = new H2Connections(endpoint, options, {
      onProtocol(isH2) {
        made.isHttp1 = !isH2;
        made.askAgainAt = options.clock.now() + ASK_AGAIN_MS;
      },
      send: (request, handler) => h1.send(endpoint, request, handler),
    });
    const made: Known = { connections, isHttp1: false, askAgainAt: 0 };
    known.set(endpoint, made);
    return made;
  }

  return {
    send(endpoint, request, handler) {
      try {
        const at = known.get(endpoint) ?? learn(endpoint);
        if (!at.isHttp1) return at.connections.send(request, handler);
        const now = options.clock.now();
        if (now >= at.askAgainAt) {
          at.askAgainAt = now + ASK_AGAIN_MS;
          at.connections.ask();
        }
        h1.send(endpoint, request, handler);
      } catch (error) {
        handler.onResponseError(null, error as Error);
      }
    },
    async release(endpoint, isForced) {
      const at = known.get(endpoint);
      known.delete(endpoint);
      await Promise.all([at?.connections.release(isForced), h1.release(endpoint, isForced)]);
    },
  };
}
