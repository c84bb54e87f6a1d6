import assert from 'node:assert/strict';
import { createCluster, peakEwma, recordTrace, roundRobin } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { closing } from '../closing.ts';
import { upstream } from '../core/dispatch/upstream.ts';
import { asRecorded, replay, replayTable } from './replay.ts';
import type { Replay } from './replay.ts';
import { parseTrace } from './trace-file.ts';
import type { Trace } from './trace-file.ts';

const FAST_MS = 4;
const SLOW_MS = 60;
const REQUESTS = 240;

/** A real cluster before three real servers of which one is slow. The servers turn the clock, so nobody waits. */
async function recordedTrace(): Promise<{ trace: Trace; slow: string; text: string }> {
  const clock = manualClock();
  const servers = [];
  for (const ms of [FAST_MS, FAST_MS, SLOW_MS]) {
    servers.push(
      closing(
        await upstream((_req, res) => {
          clock.advance(ms);
          res.end();
        }),
      ),
    );
  }
  const endpoints = servers.map(({ url }) => url);
  const options = { endpoints, clock, random: seeded(1), strategy: roundRobin() };
  const cluster = closing(createCluster({ name: 'recorded', ...options }));
  const lines: string[] = [];
  const stop = recordTrace(cluster, (line) => void lines.push(line), { clock });
  for (let i = 0; i < REQUESTS; i++) {
    await (await cluster.request('/')).text();
    clock.advance(2);
  }
  stop();
  const text = lines.join('\n');
  return { trace: parseTrace(text), slow: endpoints[2]!, text };
}

function shareOf(id: string, { hits, latencies }: Replay): number {
  return (hits.get(id) ?? 0) / latencies.count;
}

describe('a replay', () => {
  it('tells before the switch that peak EWMA would be faster than round robin', async () => {
    const { trace, slow } = await recordedTrace();
    const even = replay(trace, 'roundRobin', roundRobin());
    const aware = replay(trace, 'peakEwma', peakEwma());
    assert.equal(even.latencies.count, REQUESTS);
    assert.equal(aware.latencies.count, REQUESTS);
    assert.ok(even.latencies.percentile(90) >= SLOW_MS, `${even.latencies.percentile(90)} ms`);
    assert.ok(aware.latencies.percentile(90) < 2 * FAST_MS, `${aware.latencies.percentile(90)} ms`);
    assert.ok(shareOf(slow, aware) < 0.05, `the slow one has a share of ${shareOf(slow, aware)}`);
  });

  it('of the recorded strategy gives what was recorded', async () => {
    const { trace, slow } = await recordedTrace();
    const [before, again] = [asRecorded(trace), replay(trace, 'roundRobin', roundRobin())];
    assert.equal(before.latencies.count, again.latencies.count);
    for (const percent of [50, 90, 99]) {
      assert.equal(again.latencies.percentile(percent), before.latencies.percentile(percent));
    }
    assert.ok(Math.abs(shareOf(slow, again) - shareOf(slow, before)) < 0.01);
  });

  const base = [
    { kind: 'header', version: 1, cluster: 'c', strategy: 'round-robin' },
    { kind: 'members', at: 0, endpoints: ['a', 'b'].map((id) => ({ id, weight: 1, priority: 0 })) },
  ];

  /** A hundred requests a second for ten seconds; `answer` says what the endpoint that got it did. */
  function traceOf(answer: (endpoint: string, at: number) => object, ...others: object[]): Trace {
    const lines: object[] = [...base, ...others];
    for (let i = 0; i < 1_000; i++) {
      const [at, endpoint] = [i * 10, i % 2 === 0 ? 'a' : 'b'];
      lines.push({ kind: 'arrival', at });
      lines.push({ kind: 'attempt', at, endpoint, attempt: 0, isHedge: false, inflight: 0, ...answer(endpoint, at) });
    }
    return parseTrace(lines.map((line) => JSON.stringify(line)).join('\n'));
  }

  it('has an endpoint answer as it did about then', () => {
    const trace = traceOf((endpoint, at) => ({ outcome: 'success', ms: endpoint === 'a' && at >= 5_000 ? 50 : 5 }));
    const { latencies } = replay(trace, 'roundRobin', roundRobin());
    const slow = latencies.count - Math.round((latencies.percentWithin(49) * latencies.count) / 100);
    assert.ok(Math.abs(slow - 250) <= 12, `${slow} slow answers, where 250 were recorded`);
  });

  it('has it answer as it did with about as much in flight', () => {
    const trace = traceOf((_endpoint, at) => {
      const inflight = (at / 20) % 2 < 1 ? 0 : 9;
      return { outcome: 'success', inflight, ms: inflight === 0 ? 3 : 300 };
    });
    const { latencies } = replay(trace, 'roundRobin', roundRobin());
    assert.equal(latencies.percentile(100), 3);
  });

  it('repeats failures, and ejects for them in its own way', () => {
    const trace = traceOf((endpoint, at) => ({ ms: 5, outcome: endpoint === 'a' && at < 3_000 ? 'reset' : 'success' }));
    const recorded = asRecorded(trace);
    const { failed } = replay(trace, 'roundRobin', roundRobin());
    assert.equal(recorded.failed, 150);
    assert.ok(failed >= 5 && failed < 15, `${failed} failed attempts`);
  });

  it('follows members, and what operators said', () => {
    const gone = { kind: 'members', at: 5_000, endpoints: [{ id: 'b', weight: 1, priority: 0 }] };
    const disabled = { kind: 'health', at: 2_000, endpoint: 'a', reason: 'disabled' };
    const enabled = { kind: 'health', at: 4_000, endpoint: 'a' };
    const trace = traceOf(() => ({ outcome: 'success', ms: 1 }), gone, disabled, enabled);
    const { hits } = replay(trace, 'roundRobin', roundRobin());
    // 100 in the first two seconds, and up to 50 in the fifth, in which it starts slowly.
    assert.ok(hits.get('a')! > 100 && hits.get('a')! <= 151, `${hits.get('a')} attempts`);
  });

  it('is a table with the recorded figures first', () => {
    const trace = traceOf(() => ({ outcome: 'success', ms: 1 }));
    const table = replayTable([asRecorded(trace), replay(trace, 'peakEwma', peakEwma())]);
    const rows = table.split('\n');
    assert.equal(rows.length, 4);
    assert.match(
      rows[2]!,
      /^\| recorded \(round-robin\) \| 1000 \| 1\.0 ms \| 1\.0 ms \| 1\.0 ms \| 1\.0 ms \| 0\.00 % \| a 50\.0 %, b 50\.0 % \|$/,
    );
  });

  it('refuses what is no trace', () => {
    assert.throws(() => parseTrace('{"kind":"header","version":2}'), /not a trace of version 1/);
    assert.throws(() => parseTrace(''), /not a trace/);
    assert.throws(() => parseTrace(JSON.stringify(base[0])), /no endpoints or no requests/);
  });
});
