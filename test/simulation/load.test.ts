import assert from 'node:assert/strict';
import { createCluster, hedging, roundRobin } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { constantArrivals } from './arrivals.ts';
import { QueueingServer } from './cpu-server.ts';
import type { AnyServer } from './host.ts';
import { fixedServer } from './profiles.ts';
import type { Done } from './request.ts';
import { nameOf, urlOf } from './scenario.ts';
import { simulate } from './simulator.ts';
import type { SimulationOptions } from './simulator.ts';

interface Run {
  readonly done: readonly Done[];
  readonly clusters: readonly Cluster[];
}

/** Clients with clusters of their own over the same servers. */
function run(
  servers: Readonly<Record<string, AnyServer>>,
  options: Pick<SimulationOptions, 'load' | 'durationMs'> & Partial<SimulationOptions>,
  clients = 1,
): Run {
  const clusters: Cluster[] = [];
  const done: Done[] = [];
  simulate({
    clients(clock) {
      const endpoints = Object.keys(servers).map(urlOf);
      for (let i = 0; i < clients; i++) {
        clusters.push(createCluster({ endpoints, strategy: roundRobin(), clock, random: seeded(i + 1) }));
      }
      return clusters.map((cluster) => ({ cluster }));
    },
    serverOf: (endpoint) => servers[nameOf(endpoint)]!,
    onDone: (one) => void done.push(one),
    ...options,
  });
  return { done, clusters };
}

describe('a simulated load', () => {
  it('of users is a closed loop: each waits for an answer before the next request', () => {
    const { done } = run({ a: fixedServer(100) }, { load: { users: 3 }, durationMs: 1_000 });
    assert.equal(done.length, 30);
  });

  it('of users with a period is paced, and no faster than the answers', () => {
    const paced = run({ a: fixedServer(10) }, { load: { users: 2, periodMs: 100 }, durationMs: 1_000 });
    assert.equal(paced.done.length, 20);
    const late = run({ a: fixedServer(200) }, { load: { users: 2, periodMs: 100 }, durationMs: 1_000 });
    assert.equal(late.done.length, 10);
  });

  it('comes to several clients in turn, of which none sees what the others have in flight', () => {
    const seen: number[] = [];
    const load = { arrivals: constantArrivals(1_000) };
    run({ a: fixedServer(10_000) }, { load, durationMs: 13, onAttempt: ({ inflight }) => void seen.push(inflight) }, 3);
    assert.deepEqual(seen, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });
});

describe('a deadline', () => {
  it('counts as a failure after that time, and the server is free for others', () => {
    const server = new QueueingServer(1);
    const works = [500, 5];
    const { done } = run(
      { a: server },
      { load: { arrivals: constantArrivals(10) }, durationMs: 250, deadlineMs: 150, work: () => works.shift()! },
    );
    assert.deepEqual(
      done.map(({ startedAt, endedAt, outcome }) => [startedAt, endedAt, outcome]),
      [
        [100, 250, 'timeout'],
        [200, 255, 'success'],
      ],
    );
  });
});

describe('a hedge', () => {
  const load = { arrivals: constantArrivals(10) };

  function hedged(isLoserKept: boolean): Run & { readonly reported: string[] } {
    const reported: string[] = [];
    const policy = hedging({ delayMs: 20, maxExtraPercent: 100 });
    const servers = { a: fixedServer(400), b: fixedServer(10) };
    const clusters: Cluster[] = [];
    const result = run(servers, {
      load,
      durationMs: 2_050,
      isLoserKept,
      clients(clock) {
        const endpoints = Object.keys(servers).map(urlOf);
        const cluster = createCluster({ endpoints, strategy: roundRobin(), clock, random: seeded(1) });
        clusters.push(cluster);
        const report: Cluster['report'] = (endpoint, outcome, startedAt, now) => {
          reported.push(`${nameOf(endpoint)} ${outcome}`);
          cluster.report(endpoint, outcome, startedAt, now);
        };
        const reportLate: Cluster['reportLate'] = (endpoint, startedAt, now) => {
          reported.push(`${nameOf(endpoint)} late`);
          cluster.reportLate(endpoint, startedAt, now);
        };
        return [{ cluster: { ...bound(cluster), report, reportLate }, hedge: policy }];
      },
    });
    return { ...result, reported };
  }

  /** The methods of a cluster, for a literal that replaces two of them. */
  function bound(cluster: Cluster) {
    return {
      endpoints: cluster.endpoints,
      pick: cluster.pick.bind(cluster),
      begin: cluster.begin.bind(cluster),
      end: cluster.end.bind(cluster),
      reportLoad: cluster.reportLoad.bind(cluster),
    };
  }

  it('goes elsewhere after its delay, and the first answer wins', () => {
    const { done } = hedged(false);
    const late = done.filter(({ hedges }) => hedges === 1);
    assert.ok(late.length > 5);
    for (const { startedAt, endedAt, endpoint } of late) {
      assert.ok(Math.abs(endedAt - startedAt - 30) < 1e-6);
      assert.equal(nameOf(endpoint!), 'b');
    }
  });

  it('has its loser given up as late, or finish', () => {
    const [given, kept] = [hedged(false), hedged(true)];
    assert.ok(given.reported.includes('a late') && !given.reported.includes('a success'));
    assert.ok(kept.reported.includes('a success') && !kept.reported.includes('a late'));
  });
});

describe('a load report', () => {
  const load = { arrivals: constantArrivals(100) };

  it('comes with an answer: what is in flight from all clients, how long it takes, how busy the server is', () => {
    const { clusters } = run({ a: new QueueingServer(2) }, { load, durationMs: 3_000, work: () => 15, reports: {} }, 2);
    const report = clusters[0]!.endpoints[0]!.report!;
    assert.ok(report.inflight <= 2 && report.latencyMs === 15);
    assert.ok(Math.abs(report.utilization - 0.75) < 0.1, `${report.utilization}`);
    assert.ok(Math.abs(report.requestsPerSecond - 100) < 10, `${report.requestsPerSecond}`);
  });

  it('may be an old one', () => {
    const seen = new Set<string>();
    run(
      { a: fixedServer(1) },
      {
        load,
        durationMs: 1_000,
        reports: { refreshMs: 250 },
        script(world) {
          const host = world.hostOf(world.clients[0]!.cluster.endpoints[0]!);
          for (let at = 5; at < 1_000; at += 10) world.clock.schedule(at, () => void seen.add(host.reportAt(at)));
        },
      },
    );
    assert.equal(seen.size, 4);
  });

  it('may reach all clients at intervals instead', () => {
    const { clusters } = run({ a: fixedServer(1) }, { load, durationMs: 1_000, reports: { broadcastMs: 300 } }, 2);
    for (const cluster of clusters) assert.equal(cluster.endpoints[0]!.report!.receivedAt, 1_200);
  });
});
