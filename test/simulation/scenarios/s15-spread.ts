import { createCluster } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const ENDPOINTS = 100;
const PICKS = 1_000_000;
const PUBLISHED: Readonly<Record<string, string>> = { random: '0.01098', leastRequest: '0.00908' };

/** How even a million picks are that never end. */
export const spread: SuiteScenario = {
  id: 'S15',
  title: 'A million picks over 100 endpoints',
  source: 'envoyproxy/envoy#11006',
  strategies: ['random', 'roundRobin', 'leastRequest', 'peakEwma', 'prequal'],
  held: ['leastRequest', 'peakEwma'],
  measure({ name, strategy, seed }) {
    const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => `http://s${i}.test`);
    const clock = { now: () => 0, schedule: () => () => undefined };
    const options = { endpoints, strategy: strategy(), random: seeded(seed), clock, maxInflight: PICKS };
    const cluster = createCluster(options);
    const context = { now: 0, key: 0, attempt: 0, preferred: undefined, tried: undefined };
    for (let i = 0; i < PICKS; i++) cluster.begin(cluster.pick(context)!, 0);
    const mean = PICKS / ENDPOINTS;
    const squares = cluster.endpoints.map(({ inflight }) => (inflight - mean) ** 2);
    const value = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / ENDPOINTS) / mean;
    const isBarred = name === 'leastRequest' || name === 'peakEwma';
    const bar = isBarred ? atMost(0.00908) : undefined;
    return [{ measure: 'deviation of the hits', value, digits: 5, published: PUBLISHED[name], bar }];
  },
};
