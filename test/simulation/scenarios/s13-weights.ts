import { poissonArrivals } from '../arrivals.ts';
import { run } from '../experiment.ts';
import { latencyServer } from '../profiles.ts';
import { many } from '../scenario.ts';
import type { Finding, SuiteScenario, Trial } from '../suite.ts';
import { atMost } from '../suite.ts';

/** Numbers of endpoints. Finagle's weighted choice of two gives one of half the weight 1.0, 0.61, 0.56, 0.53, 0.52 and 0.50 of a share. */
const SIZES = [2, 3, 4, 6, 10, 10_000];
const REQUESTS = 200_000;
const LATENCY_MS = 20;
/** Standard deviation, where there is any: enough to waver between two steps of latency. */
const JITTER_MS = 1;
/** Requests in flight per endpoint. */
const INFLIGHT = { 'nearly idle': 0.05, busy: 2 };

/** Requests of an endpoint of weight 1, for one of an endpoint of weight 2. */
function share(n: number, inflight: number, { strategy, seed }: Trial, jitterMs = 0): number {
  const light = Math.floor(n / 2);
  const perSecond = (1000 * inflight * n) / LATENCY_MS;
  const { hits } = run({
    seed,
    strategy,
    servers: (random) => many(n, () => latencyServer(LATENCY_MS, jitterMs, random)),
    endpoint: (name) => ({ weight: Number(name.slice(1)) < light ? 1 : 2 }),
    load: (random) => ({ arrivals: poissonArrivals(perSecond, random) }),
    durationMs: (1000 * REQUESTS) / perSecond,
  });
  let [ofLight, ofHeavy] = [0, 0];
  for (const [name, count] of hits) {
    if (Number(name.slice(1)) < light) ofLight += count;
    else ofHeavy += count;
  }
  return ofLight / light / (ofHeavy / (n - light));
}

/** Half of the endpoints have half the weight, and are to get half the requests, few or many. */
export const weights: SuiteScenario = {
  id: 'S13',
  title: 'Weights 1 and 2 with N endpoints',
  source: "Finagle's load balancing documentation",
  strategies: ['roundRobin', 'random', 'leastRequest', 'peakEwma', 'prequal'],
  isSlow: true,
  measure(trial) {
    const off = (inflight: number, jitterMs: number): number =>
      Math.max(...SIZES.map((n) => 100 * Math.abs(share(n, inflight, trial, jitterMs) / 0.5 - 1)));
    // Prequal goes by reports, and takes weights for capacity.
    const bar = trial.name === 'prequal' ? undefined : atMost(1, ' %');
    const rest = { unit: ' %', digits: 2, bar };
    const findings: Finding[] = Object.entries(INFLIGHT).map(([load, inflight]) => ({
      measure: `most off half a share, N = 2 to 10000, ${load}`,
      value: off(inflight, 0),
      published: '100 % at N = 2, 4 % at N = 10',
      ...rest,
    }));
    // Only who goes by latencies could be led astray by them.
    if (trial.name !== 'peakEwma') return findings;
    const value = off(INFLIGHT['nearly idle'], JITTER_MS);
    return [...findings, { measure: 'the same, nearly idle, with 1 ms of jitter', value, unit: ' %', digits: 2 }];
  },
};
