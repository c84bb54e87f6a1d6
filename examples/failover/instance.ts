/** One app instance, a process of its own: `node instance.ts <name> <express|koa> <port>`. SIGTERM lets it finish what it has begun. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expressApp } from './express-app.ts';
import { koaApp } from './koa-app.ts';

const [name, framework, port] = process.argv.slice(2);

const handler = framework === 'koa' ? koaApp(name!).callback() : expressApp(name!);
const server = http.createServer((req, res) => void handler(req, res));

server.listen(Number(port), '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));

process.on('SIGTERM', () => server.close(() => process.exit()));
// Ctrl-C goes to the whole group; the parent ends us when it is done. And if the parent is gone, so are we.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
