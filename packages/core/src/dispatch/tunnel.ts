/**
 * A connection that has changed protocols, such as a WebSocket. Nobody here reads it, but it is work of its endpoint until it has closed,
 * and a drain or a closing cluster has to be able to end it.
 */
import type { Duplex } from 'node:stream';
import type { EndpointState } from '../cluster/endpoint-state.ts';

/** Who is told of a tunnel's end. */
export interface TunnelOwner {
  /** The connection has closed, for whatever reason. */
  onTunnelClosed(): void;
  /** The time of its endpoint, or of the cluster, is up. */
  onTunnelCut(): void;
}

export class Tunnel {
  readonly socket: Duplex;
  private readonly owner: TunnelOwner;

  constructor(endpoint: EndpointState, socket: Duplex, owner: TunnelOwner) {
    const tunnels = (endpoint.tunnels ??= new Set());
    this.socket = socket;
    this.owner = owner;
    tunnels.add(this);
    // Whoever gets the socket listens for errors too; until then, and after it has let go, one must not end the process.
    socket.on('error', ignore);
    socket.on('close', () => {
      tunnels.delete(this);
      owner.onTunnelClosed();
    });
  }

  cut(): void {
    this.owner.onTunnelCut();
  }
}

function ignore(): void {}
