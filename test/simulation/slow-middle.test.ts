/**
 * Linkerd's "beyond round robin" (2016): eleven servers with a median of 167 ms; one client, 1000 requests per second for a minute;
 * at 15 s one server takes 2 s for everything, for 30 s. A request succeeds if it is answered within 1 s.
 *
 * Published: round robin 95 %, least loaded 99 %, peak EWMA 99.9 %. Exactly: round robin loses 1/11 of half a minute, 95.45 %; an
 * ideal balance of requests in flight gives 99.59 %; about 15 requests have been sent to the slow server before the first of them
 * is late at all, so without hedging nothing beats 99.97 %.
 */
import assert from 'node:assert/strict';
import { leastRequest, peakEwma, roundRobin } from '@evenkeel/core';
import type { Strategy } from '@evenkeel/core';
import { constantArrivals } from './arrivals.ts';
import { during, fixedServer, latencyServer } from './profiles.ts';
import { hitsBetween, many, play, successPercent } from './scenario.ts';
import type { Trace } from './scenario.ts';

const SECOND = 1_000;

function run(strategy: Strategy, seed: number, timeoutMs?: number, durationMs = 60 * SECOND): Trace[] {
  return play({
    seed,
    cluster: { strategy },
    servers: (random) =>
      many(11, (index) => {
        const well = latencyServer(167, 5, random);
        return index === 5 ? during(15 * SECOND, 45 * SECOND, fixedServer(2 * SECOND), well) : well;
      }),
    perSecond: 1_000,
    arrivals: constantArrivals,
    durationMs,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

function worst(make: () => Strategy, timeoutMs?: number): number {
  return Math.min(...[1, 2, 3].map((seed) => successPercent(run(make(), seed, timeoutMs), SECOND)));
}

describe('a server that is slow for a while', function () {
  this.timeout(20_000);

  it('costs round robin its whole share: 95.45 %', () => {
    assert.ok(Math.abs(worst(roundRobin) - 95.45) < 0.05);
  });

  it('costs least request about a tenth of that: 99.5 %', () => {
    const percent = worst(leastRequest);
    assert.ok(percent > 99.45 && percent < 99.6, `${percent} %`);
  });

  it('costs peak EWMA next to nothing: at least 99.95 %', () => {
    const percent = worst(peakEwma);
    assert.ok(percent >= 99.95, `${percent} %`);
  });

  it('costs peak EWMA no more if the client gives up after 1 s, which makes the slow server look idle', () => {
    const percent = worst(peakEwma, SECOND);
    assert.ok(percent >= 99.93, `${percent} %`);
  });

  it('is given its share again half a minute after it is well', () => {
    const hits = hitsBetween(run(peakEwma(), 1, undefined, 80 * SECOND), 75 * SECOND, 80 * SECOND);
    const share = hits.get('s5')! / 5_000;
    assert.ok(share > 0.045 && share < 0.12, `a share of ${share}, where an eleventh is 0.091`);
  });

  it('slows nobody else down: the 99th percentile stays that of a well server', () => {
    const latencies = run(peakEwma(), 1)
      .map(({ latencyMs }) => latencyMs)
      .toSorted((a, b) => a - b);
    assert.ok(latencies[Math.floor(latencies.length * 0.99)]! < 190);
  });
});

describe('one fast server and one slow one', () => {
  it('share load by speed: 1 ms beside 50 ms leaves the slow one next to nothing', () => {
    // linkerd2 issue 5017: 489.7 against 0.1 requests per second, and even shares where the latency was mismeasured.
    const traces = play({
      servers: (random) => ({ fast: latencyServer(1, 0.1, random), slow: latencyServer(50, 1, random) }),
      perSecond: 500,
      durationMs: 60 * SECOND,
    });
    const hits = hitsBetween(traces, 0, 60 * SECOND);
    assert.ok(hits.get('slow')! > 0, 'it is asked now and then');
    assert.ok(hits.get('slow')! / 60 < 0.5, `${hits.get('slow')! / 60} requests per second`);
  });
});
