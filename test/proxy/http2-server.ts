/**
 * Servers of HTTP/2 on free loopback ports, taken down with all that is connected to them.
 */
import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Proxy } from '@evenkeel/proxy';
import type { AdapterServer } from '../conformance/adapter.ts';

/** @param server of whatever kind, not listening yet */
export async function http2Server(server: EventEmitter, proxy: Pick<Proxy, 'close'>): Promise<AdapterServer> {
  const listener = server as Server;
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await Promise.all([once(listener, 'close'), proxy.close({ deadlineMs: 0 })]);
    },
  };
}
