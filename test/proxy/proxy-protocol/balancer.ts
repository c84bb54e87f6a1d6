/**
 * A load balancer that begins every connection with a PROXY head and passes bytes on, so that any client can come through it.
 */
import { once } from 'node:events';
import net from 'node:net';

/** How the head and the client's first bytes reach the server. */
export type Delivery = 'together' | 'apart' | 'byte by byte';

/** Bytes of the client that come one by one. */
const MAX_SINGLE_BYTES = 200;

export interface Balancer extends AsyncDisposable {
  readonly port: number;
}

export async function startBalancer(to: number, head: Buffer, delivery: Delivery): Promise<Balancer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ port: to, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    client.once('data', (first: Buffer) => {
      client.pause();
      void deliver(upstream, head, first, delivery).then(() => client.pipe(upstream));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function deliver(socket: net.Socket, head: Buffer, first: Buffer, delivery: Delivery): Promise<void> {
  if (delivery === 'together') return void socket.write(Buffer.concat([head, first]));
  if (delivery === 'apart') {
    await written(socket, head);
    return void socket.write(first);
  }
  const all = Buffer.concat([head, first]);
  const slow = Math.min(all.length, head.length + MAX_SINGLE_BYTES);
  for (let at = 0; at < slow; at++) await written(socket, all.subarray(at, at + 1));
  socket.write(all.subarray(slow));
}

/** A write of its own, with a turn for everybody else. */
async function written(socket: net.Socket, bytes: Buffer): Promise<void> {
  await new Promise((resolve) => socket.write(bytes, resolve));
  await new Promise((resolve) => void setImmediate(resolve));
}
