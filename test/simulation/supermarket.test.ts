/**
 * The simulator and the draws against theory: n single-server queues with Poisson arrivals at the rate `lambda n` and exponential
 * service with mean 1, where each request joins the shortest of d queues. For large n the mean time in the system tends to
 * the sum over i >= 1 of `lambda^((d^i - d) / (d - 1))`; for d = 1 to `1 / (1 - lambda)`.
 * @see Mitzenmacher 2001, "The power of two choices in randomized load balancing"
 */
import assert from 'node:assert/strict';
import { createCluster, leastRequest } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { poissonArrivals } from './arrivals.ts';
import { queueingServer } from './profiles.ts';
import type { Server } from './profiles.ts';
import { simulate } from './simulator.ts';

const LAMBDA = 0.9;
const QUEUES = 500;
/** Time until the queues, empty at first, are as long as they stay; without any choice it takes longest. */
const WARM_UP = 1_500;

function theory(choices: number): number {
  if (choices === 1) return 1 / (1 - LAMBDA);
  let sum = 0;
  for (let i = 1; i < 10; i++) sum += LAMBDA ** ((choices ** i - choices) / (choices - 1));
  return sum;
}

function meanTimeInSystem(choices: number, duration: number, seed: number): number {
  const random = seeded(seed);
  const servers = new Map<string, Server>();
  let sum = 0;
  let count = 0;
  simulate({
    cluster(clock) {
      const endpoints = Array.from({ length: QUEUES }, (_, i) => `http://s${i}.test`);
      for (const id of endpoints) servers.set(id, queueingServer(1, random));
      const strategy = leastRequest({ choices, fullScanUpTo: 0 });
      return createCluster({ endpoints, strategy, clock, random, maxInflight: 1_000_000 });
    },
    serverOf: (endpoint) => servers.get(endpoint.id)!,
    arrivals: poissonArrivals(1_000 * LAMBDA * QUEUES, random),
    durationMs: WARM_UP + duration,
    onDone({ startedAt, endedAt }) {
      if (startedAt < WARM_UP) return;
      sum += endedAt - startedAt;
      count++;
    },
  });
  return sum / count;
}

describe('the supermarket model', function () {
  this.timeout(30_000);

  // Queues that nobody chooses are long and change slowly: the 3.6 million requests of d = 1 settle their mean to about 1 %.
  for (const [choices, duration] of [
    [1, 8_000],
    [2, 5_000],
    [3, 5_000],
  ] as const) {
    it(`holds to 2 % at lambda 0.9 with d = ${choices}: ${theory(choices).toFixed(3)}`, () => {
      const mean = meanTimeInSystem(choices, duration, 1);
      assert.ok(Math.abs(mean / theory(choices) - 1) < 0.02, `the mean time in the system is ${mean.toFixed(3)}`);
    });
  }
});
