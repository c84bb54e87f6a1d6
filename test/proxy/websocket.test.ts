/**
 * Real WebSockets and Socket.IO through the proxy, in front of bare `node:http`, Express and Koa.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Koa from 'koa';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import type { Socket as SocketIoClient } from 'socket.io-client';
import { WebSocket, WebSocketServer } from 'ws';
import { createCluster, roundRobin } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { balance as balanceExpress } from '@evenkeel/express';
import { balance as balanceKoa } from '@evenkeel/koa';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions, Wiring } from '@evenkeel/proxy';
import { until } from '../conformance/wire.ts';
import { echoProcess } from './websocket-echo.ts';
import type { EchoProcess } from './websocket-echo.ts';

/** How many WebSockets go through a drain and a kill. */
const FLEET = Number(process.env['EVENKEEL_WEBSOCKETS'] ?? 90);

interface Front {
  readonly name: string;
  make(cluster: Cluster, options: ProxyOptions): { server: http.Server; wiring: Wiring };
}

const FRONTS: readonly Front[] = [
  {
    name: 'node:http',
    make(cluster, options) {
      const wiring = createProxy(cluster, options);
      const server = http.createServer();
      wiring.attach(server);
      return { server, wiring };
    },
  },
  {
    name: 'Express',
    make(cluster, options) {
      const wiring = balanceExpress(cluster, options);
      return { server: http.createServer(express().use(wiring)).on('upgrade', wiring.upgrade), wiring };
    },
  },
  {
    name: 'Koa',
    make(cluster, options) {
      const wiring = balanceKoa(cluster, options);
      const handle = new Koa().use(wiring).callback();
      const server = http.createServer((req, res) => void handle(req, res)).on('upgrade', wiring.upgrade);
      return { server, wiring };
    },
  },
];

async function listen(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function inflight(cluster: Cluster): number {
  return cluster.endpoints.reduce((sum, endpoint) => sum + endpoint.inflight, 0);
}

for (const { name, make } of FRONTS) {
  describe(`WebSockets through ${name}`, () => {
    const undo: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const stop of undo.splice(0).toReversed()) await stop();
    });

    async function front(
      urls: readonly string[],
      options: ProxyOptions = {},
    ): Promise<{ port: number; cluster: Cluster }> {
      const cluster = createCluster({ endpoints: [...urls], strategy: roundRobin() });
      const { server, wiring } = make(cluster, options);
      const port = await listen(server);
      undo.push(async () => {
        const closed = once(server, 'close');
        server.close();
        await wiring.close({ deadlineMs: 0 });
        server.closeAllConnections();
        await Promise.all([closed, cluster.close()]);
      });
      return { port, cluster };
    }

    async function webSocketEndpoint(): Promise<string> {
      const server = http.createServer();
      const sockets = new WebSocketServer({
        server,
        perMessageDeflate: { threshold: 0 },
        handleProtocols: (protocols) => [...protocols].at(-1) ?? false,
      });
      sockets.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
        socket.on('close', () => undefined);
      });
      const port = await listen(server);
      undo.push(async () => {
        sockets.clients.forEach((socket) => socket.terminate());
        server.close();
        await once(server, 'close');
      });
      return `http://127.0.0.1:${port}`;
    }

    it('echo messages of all sizes, compressed, with the last of several subprotocols, and close with their code', async () => {
      const { port, cluster } = await front([await webSocketEndpoint()]);
      const socket = new WebSocket(`ws://127.0.0.1:${port}/x?y`, ['a', 'b', 'c']);
      await once(socket, 'open');
      assert.equal(socket.protocol, 'c');
      assert.match(socket.extensions, /permessage-deflate/);
      for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
        const sent = Buffer.alloc(size, String(size));
        socket.send(sent);
        const [received] = (await once(socket, 'message')) as [Buffer];
        assert.ok(received.equals(sent), `${size}`);
      }
      assert.equal(inflight(cluster), 1);
      socket.close(4321, 'enough');
      const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
      assert.deepEqual([code, String(reason)], [4321, 'enough']);
      await until(() => inflight(cluster) === 0);
    });

    it('carry Socket.IO from polling to WebSocket on the same endpoint', async () => {
      const urls: string[] = [];
      for (let i = 0; i < 3; i++) {
        const server = http.createServer();
        const sockets = new SocketIoServer(server);
        sockets.on('connection', (socket) => socket.on('ask', (word: string, reply) => reply(`${i}: ${word}`)));
        urls.push(`http://127.0.0.1:${await listen(server)}`);
        undo.push(async () => void (await sockets.close()));
      }
      const { port, cluster } = await front(urls, { sticky: true });
      const clients = Array.from({ length: 9 }, (): SocketIoClient =>
        io(`http://127.0.0.1:${port}`, { withCredentials: true, forceNew: true, reconnection: false }),
      );
      const answers = clients.map(async (client) => {
        await new Promise<void>((resolve, reject) => {
          client.on('connect', resolve);
          client.on('connect_error', reject);
        });
        const { engine } = client.io;
        if (engine.transport.name !== 'websocket')
          await new Promise<void>((resolve) => engine.once('upgrade', () => resolve()));
        const words = ['a', 'b'].map(
          async (word): Promise<string> => client.emitWithAck('ask', word) as Promise<string>,
        );
        return { transport: engine.transport.name, words: await Promise.all(words) };
      });
      const served = new Set<string>();
      for (const { transport, words } of await Promise.all(answers)) {
        assert.equal(transport, 'websocket');
        const [first = '', second = ''] = words;
        assert.deepEqual(words, [`${first[0]}: a`, `${second[0]}: b`]);
        assert.equal(first[0], second[0]);
        served.add(first[0]!);
      }
      assert.deepEqual(served, new Set(['0', '1', '2']));
      clients.forEach((client) => client.disconnect());
      await until(() => inflight(cluster) === 0);
    });
  });
}

describe('many WebSockets', () => {
  const processes: EchoProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.close()));
  });

  interface Talk {
    pid: string;
    echoes: number;
    code: number;
  }

  /** Says something, and again as soon as it has come back. */
  function talk(port: number): Promise<Talk> & { isTalking: () => boolean } {
    const told: Talk = { pid: '', echoes: 0, code: 0 };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      if (told.pid === '') told.pid = String(data);
      else told.echoes++;
      socket.send(Buffer.alloc(100, told.echoes));
    });
    const over = new Promise<Talk>((resolve) => {
      socket.on('close', (code) => {
        told.code = code;
        resolve(told);
      });
    });
    return Object.assign(over, { isTalking: () => told.echoes > 0 });
  }

  it('end with a defined code each, through a drain, a kill and the close of the proxy', async function () {
    this.timeout(60_000);
    processes.push(...(await Promise.all([echoProcess(), echoProcess(), echoProcess()])));
    const cluster = createCluster({ endpoints: processes.map(({ url }) => url), strategy: roundRobin() });
    const proxy = createProxy(cluster);
    const server = http.createServer();
    proxy.attach(server);
    const port = await listen(server);
    const [drained, killed, closed] = processes as [EchoProcess, EchoProcess, EchoProcess];
    const talks = Array.from({ length: FLEET }, () => talk(port));
    await until(() => talks.every((one) => one.isTalking()));
    assert.equal(inflight(cluster), FLEET);
    await cluster.drain(cluster.endpoints[0]!.id, { deadlineMs: 1 });
    killed.kill();
    await until(() => inflight(cluster) <= FLEET / 3 + 1);
    await proxy.close({ deadlineMs: 0 });
    const told = await Promise.all(talks);
    assert.deepEqual(new Set(told.map(({ code }) => code)), new Set([1012]));
    const onKilled = told.filter(({ pid }) => pid === killed.pid).length;
    assert.ok(Math.abs(onKilled - FLEET / 3) < 2);
    const echoes = told.reduce((sum, one) => sum + one.echoes, 0);
    assert.ok(echoes > FLEET);
    await until(() => inflight(cluster) === 0);
    // The endpoints that live have been told, too.
    await until(() => drained.codes.length + closed.codes.length === FLEET - onKilled);
    assert.deepEqual(new Set([...drained.codes, ...closed.codes]), new Set([1001]));
    server.close();
    server.closeAllConnections();
    await Promise.all([once(server, 'close'), cluster.close()]);
  });
});
