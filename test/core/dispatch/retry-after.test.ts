import assert from 'node:assert/strict';
import { consecutiveFailures, createCluster, roundRobin } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { retryAfterMs } from '../../../packages/core/src/dispatch/retry-after.ts';
import { upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

const NOW = Date.UTC(2030, 0, 1);

function read(...fields: string[]): number {
  return retryAfterMs(
    fields.map((part) => Buffer.from(part, 'latin1')),
    () => NOW,
  );
}

describe('Retry-After', () => {
  it('is read as seconds or as a date, five minutes at most', () => {
    assert.equal(read('Date', 'x', 'Retry-After', '7'), 7_000);
    assert.equal(read('retry-AFTER', ' 120 '), 120_000);
    assert.equal(read('Retry-After', '301'), 300_000);
    assert.equal(read('Retry-After', '9999999999'), 300_000);
    assert.equal(read('Retry-After', 'Tue, 01 Jan 2030 00:00:30 GMT'), 30_000);
    assert.equal(read('Retry-After', 'Tue, 01 Jan 2041 00:00:30 GMT'), 300_000);
  });

  it('is nothing where it is missing, past, or not what it should be', () => {
    assert.equal(read('Content-Type', 'text/plain'), 0);
    const values = [
      '',
      '0',
      '-5',
      '1.5',
      '1e9',
      'soon',
      '5, 6',
      'Mon, 31 Dec 2029 23:59:59 GMT',
      '2030-01-02',
      '99'.repeat(500),
    ];
    for (const value of values) assert.equal(read('Retry-After', value), 0, value);
  });

  it('costs no look at the clock unless there is a date', () => {
    const never = (): number => assert.fail('asked');
    assert.equal(retryAfterMs(['Retry-After', '5'], never), 5_000);
    assert.equal(retryAfterMs(['Content-Length', '5'], never), 0);
  });

  it('lengthens an ejection, and causes none', async () => {
    const declining = closing(await upstream((_req, res) => void res.writeHead(503, { 'Retry-After': '100' }).end()));
    const well = closing(await upstream((_req, res) => void res.end()));
    const clock = manualClock();
    const cluster = closing(
      createCluster({
        endpoints: [declining.url, well.url],
        clock,
        strategy: roundRobin(),
        ejection: consecutiveFailures({ threshold: 2 }),
      }),
    );
    while (declining.requests.length < 1) await (await cluster.request('/')).discard();
    assert.equal(cluster.pickable, 2);
    while (declining.requests.length < 2) await (await cluster.request('/')).discard();
    assert.equal(cluster.pickable, 1);
    clock.advance(99_999);
    for (let i = 0; i < 4; i++) await (await cluster.request('/')).discard();
    assert.equal(declining.requests.length, 2);
    clock.advance(1);
    for (let i = 0; i < 4; i++) await (await cluster.request('/')).discard();
    assert.equal(declining.requests.length, 3, 'its time is up: one request finds out');
  });
});
