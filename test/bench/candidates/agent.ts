/**
 * What every peer gets that takes an agent: connections are kept, and there are enough of them for all clients at once.
 */
import { Agent } from 'node:http';

export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
}
