import assert from 'node:assert/strict';
import { createCluster, recordTrace, roundRobin } from '@evenkeel/core';
import type { Cluster, TraceLine } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';
import { refusedUrl, upstream } from './upstream.ts';

type Kind = TraceLine['kind'];

function recorded(cluster: Cluster, clock = manualClock()): { lines: TraceLine[]; stop: () => void } {
  const lines: TraceLine[] = [];
  const stop = recordTrace(cluster, (line) => void lines.push(JSON.parse(line) as TraceLine), { clock });
  return { lines, stop };
}

function of<K extends Kind>(lines: readonly TraceLine[], kind: K): Extract<TraceLine, { kind: K }>[] {
  return lines.filter((line): line is Extract<TraceLine, { kind: K }> => line.kind === kind);
}

describe('recordTrace', () => {
  it('begins with what the cluster is and what is in it', () => {
    const cluster = closing(
      createCluster({
        name: 'users',
        endpoints: ['http://a.test', { url: 'http://b.test', weight: 3, priority: 1, zone: 'eu-1a' }],
        strategy: roundRobin(),
      }),
    );
    const { lines, stop } = recorded(cluster);
    stop();
    assert.deepEqual(lines, [
      { kind: 'header', version: 1, cluster: 'users', strategy: 'round-robin' },
      {
        kind: 'members',
        at: 0,
        endpoints: [
          { id: 'http://a.test', weight: 1, priority: 0 },
          { id: 'http://b.test', weight: 3, priority: 1, zone: 'eu-1a' },
        ],
      },
    ]);
  });

  it('has a line for each arrival, attempt and exchange, with times on the given clock', async () => {
    const clock = manualClock(1_000);
    const dead = await refusedUrl();
    const well = closing(
      await upstream((_req, res) => {
        clock.advance(7);
        res.end();
      }),
    );
    const options = { endpoints: [dead, well.url], strategy: roundRobin(), random: seeded(1), clock };
    const cluster = closing(createCluster({ name: 'times', ...options }));
    const { lines, stop } = recorded(cluster, clock);
    clock.advance(50);
    for (let i = 0; i < 2; i++) await (await cluster.request('/')).text();
    stop();
    assert.deepEqual(
      of(lines, 'arrival').map(({ at }) => at),
      [50, 57],
    );
    const attempts = of(lines, 'attempt');
    const refused = attempts.filter(({ endpoint }) => endpoint === dead);
    const answered = attempts.filter(({ endpoint }) => endpoint === well.url);
    assert.ok(refused.length >= 1 && refused.every(({ outcome, ms }) => outcome === 'connect-error' && ms === 0));
    assert.deepEqual(
      answered.map(({ at, ms, outcome, inflight, isHedge }) => ({ at, ms, outcome, inflight, isHedge })),
      [50, 57].map((at) => ({ at, ms: 7, outcome: 'success', inflight: 0, isHedge: false })),
    );
    assert.deepEqual(
      of(lines, 'exchange').map(({ at, ms }) => ({ at, ms })),
      [50, 57].map((at) => ({ at, ms: 7 })),
    );
  });

  it('tells attempts on one endpoint apart, and what else was in flight when they began', async () => {
    const clock = manualClock();
    const held: (() => void)[] = [];
    const slow = closing(await upstream((_req, res) => void held.push(() => res.end())));
    const cluster = closing(createCluster({ name: 'apart', endpoints: [slow.url], clock }));
    const { lines, stop } = recorded(cluster, clock);
    const requests = [];
    for (let i = 0; i < 3; i++) {
      requests.push(cluster.request('/').then((response) => response.text()));
      clock.advance(10);
    }
    while (held.length < 3) await new Promise(setImmediate);
    for (const end of held.toReversed()) {
      end();
      const before = of(lines, 'attempt').length;
      while (of(lines, 'attempt').length === before) await new Promise(setImmediate);
      clock.advance(100);
    }
    await Promise.all(requests);
    stop();
    assert.deepEqual(
      of(lines, 'attempt').map(({ at, inflight }) => ({ at, inflight })),
      [
        { at: 20, inflight: 2 },
        { at: 10, inflight: 1 },
        { at: 0, inflight: 0 },
      ],
    );
  });

  it('follows members and health', async () => {
    const cluster = closing(createCluster({ name: 'members', endpoints: ['http://a.test', 'http://b.test'] }));
    const { lines, stop } = recorded(cluster);
    cluster.disable('http://a.test');
    cluster.enable('http://a.test');
    cluster.update(['http://b.test', 'http://c.test', 'http://d.test']);
    await Promise.resolve();
    stop();
    assert.deepEqual(of(lines, 'health'), [
      { kind: 'health', at: 0, endpoint: 'http://a.test', reason: 'disabled' },
      { kind: 'health', at: 0, endpoint: 'http://a.test' },
    ]);
    const members = of(lines, 'members').map(({ endpoints }) => endpoints.map(({ id }) => id));
    assert.deepEqual(members, [
      ['http://a.test', 'http://b.test'],
      ['http://b.test', 'http://c.test', 'http://d.test'],
    ]);
  });

  it('writes down no path, no header field and no key', async () => {
    const well = closing(await upstream((_req, res) => void res.setHeader('x-answer', 'SECRET').end('SECRET')));
    const cluster = closing(createCluster({ name: 'discreet', endpoints: [well.url] }));
    const texts: string[] = [];
    const stop = recordTrace(cluster, (line) => void texts.push(line));
    const headers = { authorization: 'SECRET', cookie: 'SECRET' };
    await (await cluster.request({ path: '/SECRET?SECRET', headers, key: 'SECRET' })).text();
    stop();
    assert.ok(texts.length >= 5);
    assert.ok(!texts.join('\n').includes('SECRET'));
  });

  it('leaves out other clusters, and everything once it is stopped', async () => {
    const well = closing(await upstream((_req, res) => void res.end()));
    const one = closing(createCluster({ name: 'one', endpoints: [well.url] }));
    const other = closing(createCluster({ name: 'other', endpoints: [well.url] }));
    const { lines, stop } = recorded(one);
    const before = lines.length;
    await (await other.request('/')).text();
    assert.equal(lines.length, before);
    stop();
    await (await one.request('/')).text();
    one.disable(well.url);
    one.update(['http://c.test']);
    await Promise.resolve();
    assert.equal(lines.length, before);
  });
});
