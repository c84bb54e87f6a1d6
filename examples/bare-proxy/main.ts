/** A reverse proxy on bare node:http, without any framework. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';

const app = http.createServer((req, res) => void res.end(`hello from the app, ${req.headers['x-forwarded-for']}\n`));
await once(app.listen(0, '127.0.0.1'), 'listening');

const cluster = createCluster({ endpoints: [`http://127.0.0.1:${(app.address() as AddressInfo).port}`] });
const proxy = createProxy(cluster, { sticky: true });
const server = http.createServer((req, res) => proxy.web(req, res));
server.on('upgrade', (req, socket, head) => proxy.upgrade(req, socket, head));
await once(server.listen(0, '127.0.0.1'), 'listening');

const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
console.log(response.status, response.headers.get('set-cookie'), await response.text());

server.close();
server.closeAllConnections();
await proxy.close();
await cluster.close();
app.close();
