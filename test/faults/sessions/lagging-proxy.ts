/**
 * A TCP proxy in front of a Redis master that keeps its replicas a while behind, as a network between two places does; clients are
 * not slowed down. When the master dies, what is still on the way to the replicas is lost with it.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface LaggingProxy extends AsyncDisposable {
  /** Ends all connections, drops what is under way, and takes no more. */
  cut(): void;
}

export async function laggingProxy(port: number, masterPort: number, lagMs: number): Promise<LaggingProxy> {
  const sockets = new Set<Socket>();
  const late = new Set<NodeJS.Timeout>();
  const server = createServer((client) => {
    const master = connect({ host: '127.0.0.1', port: masterPort });
    let isReplica = false;
    for (const [socket, other] of [
      [client, master],
      [master, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk) => {
      isReplica ||= chunk.includes('PSYNC');
      master.write(chunk);
    });
    master.on('data', (chunk) => {
      if (!isReplica || lagMs === 0) return void client.write(chunk);
      const timer = setTimeout(() => {
        late.delete(timer);
        client.write(chunk);
      }, lagMs);
      late.add(timer);
    });
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  function cut(): void {
    for (const timer of late) clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
  }
  return {
    cut,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      cut();
      await closed;
    },
  };
}
