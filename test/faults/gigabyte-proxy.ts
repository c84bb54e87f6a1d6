/**
 * The process whose memory is measured: a proxy to the endpoint at `process.argv[2]`. Says its port first; for any message it answers with
 * the growth of its memory in MiB, at the most, since the one before.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { ClusterOptions } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';

const [, , url, transport] = process.argv;
const options = { endpoints: [url!], ...(transport !== undefined && { transport }) } as ClusterOptions;
const proxy = createProxy(createCluster(options));
const server = http.createServer((req, res) => proxy.web(req, res));
await once(server.listen(0, '127.0.0.1'), 'listening');

let first = 0;
let most = 0;
function sample(): void {
  most = Math.max(most, process.memoryUsage.rss());
}
setInterval(sample, 10).unref();
process.on('message', () => {
  sample();
  process.send!((most - first) / 2 ** 20);
  globalThis.gc!();
  first = most = process.memoryUsage.rss();
});
process.on('disconnect', () => process.exit());
process.send!((server.address() as AddressInfo).port);
