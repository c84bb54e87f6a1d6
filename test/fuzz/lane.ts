/**
 * One arrangement of a client, the proxy and an endpoint that a fuzzer has for itself: cases run in it one after the other, and what one of
 * them leaves on a connection to the endpoint is there for the next. Several lanes run side by side.
 */
import net from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { Cluster, ClusterOptions } from '@evenkeel/core';
import type { ProxyOptions } from '@evenkeel/proxy';
import type { AdapterServer, MakeServer } from '../conformance/adapter.ts';
import { turn } from '../conformance/wire.ts';
import { makeServer as bareServer } from '../proxy/server.ts';

/** What a case does about the connections that reach its endpoint. */
export interface EndpointScript {
  /** Called with every connection, before its first byte. */
  onConnection(socket: net.Socket): void;
}

export interface LaneOptions {
  readonly makeServer?: MakeServer | undefined;
  readonly cluster?: Partial<ClusterOptions> | undefined;
  readonly proxy?: ProxyOptions | undefined;
}

export interface Lane {
  readonly front: number;
  readonly cluster: Cluster;
  /** Resolves when the endpoint has heard whatever was on its way to it. */
  settle(): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/** ms after which what has not come will not come: the only real time in a run, and it is met only by a hang. */
const HANG_MS = 4_000;

/** An endpoint is never set aside for what a fuzzer makes it say, and a retry costs nothing. */
const PATIENT: Partial<ClusterOptions> = {
  ejection: { name: 'none', start: () => ({ track: () => ({ observe: () => 0, restored: () => undefined }) }) },
  budget: { deposit: () => undefined, tryWithdraw: () => true, balance: () => 1 },
};

export async function startLane(script: EndpointScript, options: LaneOptions = {}): Promise<Lane> {
  const { makeServer = bareServer, proxy = { sticky: true }, cluster: clusterOptions } = options;
  const sockets = new Set<net.Socket>();
  /** A client of our own: connections are accepted in the order in which they were made. */
  let settler: net.Socket | undefined;
  let isSettling = false;
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (isSettling && socket.remotePort === settler?.localPort) isSettling = false;
    else script.onConnection(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const cluster = createCluster({ ...PATIENT, endpoints: [`http://127.0.0.1:${port}`], ...clusterOptions });
  const front: AdapterServer = await makeServer(cluster, proxy);
  return {
    front: front.port,
    cluster,
    async settle() {
      isSettling = true;
      settler = net.connect({ port, host: '127.0.0.1' });
      settler.on('error', () => undefined);
      await comes(() => !isSettling, 'the last of the connections to the endpoint');
      settler.destroy();
      for (let turns = 0; turns < 3; turns++) await turn();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      let isClosed = false;
      const all = Promise.all([front.close(), new Promise((resolve) => void server.close(resolve)), cluster.close()]);
      void all.then(() => (isClosed = true));
      await comes(() => isClosed, 'the end of the cluster when it is closed');
    },
  };
}

/** Attempts that are under way. */
export function inflightOf({ cluster }: Lane): number {
  return cluster.endpoints.reduce((sum, endpoint) => sum + endpoint.inflight, 0);
}

/** A finding: what happened, in a sentence. */
export class Finding extends Error {}

export function check(isRight: boolean, what: () => string): void {
  if (!isRight) throw new Finding(what());
}

/** Waits turn by turn for what has to come. @throws Finding if it does not */
export async function comes(condition: () => boolean, what: string): Promise<void> {
  if (condition()) return;
  const givenUpAt = performance.now() + HANG_MS;
  for (let turns = 0; !condition(); turns++) {
    await turn();
    if (turns % 64 === 0) check(performance.now() < givenUpAt, () => `hangs: ${what} never comes`);
  }
}

/** A client connection that keeps what it hears. */
export interface Client {
  readonly socket: net.Socket;
  readonly received: string;
  readonly isOver: boolean;
  /** Its end was no clean one. */
  readonly isReset: boolean;
}

export async function connect(port: number): Promise<Client> {
  const client = {
    socket: net.connect({ port, host: '127.0.0.1', noDelay: true }),
    received: '',
    isOver: false,
    isReset: false,
  };
  const { socket } = client;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (client.received += chunk));
  socket.on('error', () => (client.isOver = client.isReset = true));
  socket.on('end', () => {
    client.isOver = true;
    // Node 22 takes a reset right behind the last bytes for an end, but the address is gone with it.
    client.isReset ||= socket.remoteAddress === undefined;
  });
  socket.on('close', () => (client.isOver = true));
  await comes(() => !socket.connecting || client.isOver, 'a connection to the proxy');
  return client;
}

/** Writes text in pieces, each in a packet of its own as far as that can be had. @param cuts where to cut, modulo the length */
export async function writeCut(socket: net.Socket, text: string, cuts: readonly number[]): Promise<void> {
  const places = [...new Set(cuts.map((cut) => cut % Math.max(1, text.length)))].toSorted((a, b) => a - b);
  let from = 0;
  for (const to of [...places, text.length]) {
    if (to === from || !socket.writable) continue;
    socket.write(text.slice(from, to), 'latin1');
    from = to;
    if (to < text.length) await turn();
  }
}
