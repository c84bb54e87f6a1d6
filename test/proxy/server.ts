/**
 * The proxy in a bare `node:http` server.
 */
import http from 'node:http';
import { createProxy } from '@evenkeel/proxy';
import type { MakeServer } from '../conformance/adapter.ts';
import { listen } from '../conformance/adapter-rig.ts';

export const makeServer: MakeServer = async (cluster, options) => {
  const proxy = createProxy(cluster, options);
  const server = http.createServer((req, res) => proxy.web(req, res));
  server.on('upgrade', (req, socket, head) => proxy.upgrade(req, socket, head));
  const { port, close } = await listen(server);
  return {
    port,
    async close() {
      await Promise.all([close(), proxy.close({ deadlineMs: 0 })]);
    },
  };
};
