import assert from 'node:assert/strict';
import { createCluster, httpProbe, tcpProbe } from '@evenkeel/core';
import type { Cluster, Probe } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { rawUpstream, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

/** A probe whose answers the test gives. */
function scripted(timing: Partial<Probe> = {}): Probe & { asked: string[]; isWell: boolean; settle(): Promise<void> } {
  const asked: string[] = [];
  return {
    ...tcpProbe({ intervalMs: 1_000, fastIntervalMs: 100, rise: 2, fall: 3 }),
    ...timing,
    name: 'scripted',
    asked,
    isWell: true,
    check(endpoint) {
      asked.push(endpoint.id);
      return this.isWell ? Promise.resolve() : Promise.reject(new Error('ill'));
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

function changed(cluster: Cluster, event: 'pickable' | 'unpickable'): Promise<void> {
  return new Promise((resolve) => void cluster.on(event, () => resolve()));
}

describe('probes of a cluster', () => {
  it('take an endpoint out after `fall` failures and back after `rise` passes, faster while in doubt', async () => {
    const clock = manualClock();
    const probe = scripted();
    const cluster = createCluster({
      endpoints: [{ id: 'a', url: 'http://a' }],
      probe,
      clock,
      random: seeded(1),
      panicPercent: 0,
    });
    const turn = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await probe.settle();
    };
    await turn(1_000);
    assert.equal(probe.asked.length, 1);
    probe.isWell = false;
    await turn(1_000);
    await turn(100);
    assert.equal(cluster.pickable, 1, 'two failures are not enough');
    await turn(100);
    assert.equal(cluster.pickable, 0);
    await turn(1_000);
    probe.isWell = true;
    await turn(1_000);
    assert.equal(cluster.pickable, 0, 'one pass is not enough');
    await turn(100);
    assert.equal(cluster.pickable, 1);
    await cluster.close();
    assert.equal(clock.pending, 0);
  });

  it('spread their first round over the interval', () => {
    const clock = manualClock();
    const probe = scripted();
    const endpoints = Array.from({ length: 200 }, (_, i) => ({ id: `e${i}`, url: `http://e${i}` }));
    createCluster({ endpoints, probe, clock, random: seeded(1) });
    for (const at of [250, 500, 750, 1_000]) {
      const before = probe.asked.length;
      clock.advance(250);
      assert.ok(
        Math.abs(probe.asked.length - before - 50) < 25,
        `${probe.asked.length - before} of 200 until ${at} ms`,
      );
    }
  });

  it('stop for an endpoint that is removed, even while it is being asked', async () => {
    const clock = manualClock();
    const probe = scripted();
    const cluster = createCluster({ endpoints: ['http://a', 'http://b'], probe, clock, random: seeded(1) });
    clock.advance(1_000);
    cluster.update(['http://a']);
    await probe.settle();
    probe.asked.length = 0;
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000);
      await probe.settle();
    }
    assert.deepEqual([...new Set(probe.asked)], ['http://a']);
    await cluster.close();
  });

  it('speak HTTP and TCP to real endpoints', async () => {
    let status = 200;
    const endpoint = closing(
      await upstream((req, res) => void res.writeHead(req.url === '/health' ? status : 404).end('fine')),
    );
    const timing = { intervalMs: 10, fastIntervalMs: 10, timeoutMs: 5_000, rise: 1, fall: 1 };
    const cluster = closing(
      createCluster({
        endpoints: [endpoint.url],
        probe: httpProbe({ ...timing, path: '/health', body: 'fine' }),
        panicPercent: 0,
      }),
    );
    const ill = changed(cluster, 'unpickable');
    status = 500;
    await ill;
    const well = changed(cluster, 'pickable');
    status = 200;
    await well;
    const dead = closing(createCluster({ endpoints: [await refusedUrl()], probe: tcpProbe(timing), panicPercent: 0 }));
    await changed(dead, 'unpickable');
    assert.equal(dead.pickable, 0);
  });

  it('fail on an answer that switches protocols', async () => {
    const endpoint = closing(
      await rawUpstream((socket) => {
        socket.once('data', () =>
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
        );
      }),
    );
    const probe = httpProbe({ intervalMs: 10, fastIntervalMs: 10, fall: 1 });
    const cluster = closing(createCluster({ endpoints: [endpoint.url], probe, random: seeded(1) }));
    await changed(cluster, 'unpickable');
  });

  it('fail if they throw', async () => {
    const probe = {
      ...scripted({ fall: 1, intervalMs: 1 }),
      check(): never {
        throw new Error('thrown');
      },
    };
    await changed(closing(createCluster({ endpoints: ['http://a'], probe, random: seeded(1) })), 'unpickable');
  });
});
