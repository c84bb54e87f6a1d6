/**
 * The proxy in a bare `node:http` server.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxy } from '@evenkeel/proxy';
import type { MakeServer } from '../conformance/adapter.ts';

export const makeServer: MakeServer = async (cluster, options) => {
  const proxy = createProxy(cluster, options);
  const server = http.createServer((req, res) => proxy.web(req, res));
  server.on('upgrade', (req, socket, head) => proxy.upgrade(req, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await proxy.close();
    },
  };
};
