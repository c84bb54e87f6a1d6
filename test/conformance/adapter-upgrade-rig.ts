/**
 * What the laws of upgrades share: handshakes as bytes, and connections that have changed protocols.
 */
import assert from 'node:assert/strict';
import type net from 'node:net';
import type { Cluster } from '@evenkeel/core';
import { get } from './adapter-rig.ts';
import type { Arrangement, Rig } from './adapter-rig.ts';
import { rawClient, until } from './wire.ts';
import type { RawClient, RawHandler, RawServer } from './wire.ts';

/** The head of an endpoint that agrees, up to the protocol. */
export const AGREE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ';

/** The head of a request to change to `protocol`. */
export function change(protocol: string, ...fields: string[]): string {
  return get('/ws', 'Connection: keep-alive, Upgrade', `Upgrade: ${protocol}`, ...fields);
}

/** Agrees, and says something at once. */
export function agree(protocol: string, first = '', ...fields: string[]): RawHandler {
  const lines = fields.map((field) => `${field}\r\n`).join('');
  return (_request, socket) => void socket.write(`${AGREE}${protocol}\r\n${lines}\r\n${first}`, 'latin1');
}

export function inflight(cluster: Cluster): number {
  return cluster.endpoints.reduce((sum, endpoint) => sum + endpoint.inflight, 0);
}

export async function isIdle(cluster: Cluster, endpoints: readonly RawServer[]): Promise<void> {
  await until(() => inflight(cluster) === 0 && endpoints.every(({ open }) => open === 0));
}

/** A connection that has changed protocols, and the endpoint's end of it. */
export interface Changed extends Arrangement {
  readonly client: RawClient;
  readonly far: net.Socket;
}

export async function changed(rig: Rig, protocol: string, first = ''): Promise<Changed> {
  let far: net.Socket | undefined;
  const handler: RawHandler = (request, socket) => {
    far = socket;
    agree(protocol, first)(request, socket);
  };
  const arrangement = await rig.start({ proxy: { upgradeGraceMs: 200 }, endpoints: [handler] });
  const client = await rawClient(arrangement.front);
  client.write(change(protocol));
  assert.equal((await client.response({ isBodiless: true })).status, 101);
  return { ...arrangement, client, far: far! };
}

/** What the client has received since its 101. */
export function afterHead({ received }: RawClient): string {
  return received.slice(received.indexOf('\r\n\r\n') + 4);
}
