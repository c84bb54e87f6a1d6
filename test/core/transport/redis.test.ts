import assert from 'node:assert/strict';
import { tcpProbe } from '@evenkeel/core';
import { endpointAt } from '../health/probe-stubs.ts';
import { probing, realIo } from './probes.ts';

const { hostname, port } = new URL(process.env['REDIS_URL'] || 'redis://missing');
const redis = `http://${hostname}:${port}`;

describe('probes of a real Redis', () => {
  it('pass over TCP, on its own port or beside another', async () => {
    await probing(tcpProbe(), redis);
    await probing(tcpProbe({ port: Number(port) }), `http://${hostname}:9`);
  });

  it('read its answer to a line', async () => {
    const options = { port: Number(port), text: 'PING\r\n', maxBytes: 64 };
    // A Redis with a password answers too, but otherwise.
    assert.match(await realIo().readLine(endpointAt(redis), options, 5_000), /^(\+PONG|-NOAUTH .*)$/);
  });
});
