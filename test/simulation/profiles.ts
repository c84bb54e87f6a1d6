/**
 * What simulated servers are like: how long they take, and how they fail. All of it is virtual time and seeded chance.
 */
import type { Outcome, Random } from '@evenkeel/core';
import { exponential, normal } from './draws.ts';

/** How a simulated server answers. */
export interface Server {
  /** When the request that arrives at `now` will be answered. Called once per attempt. */
  finishAt(now: number): number;
  /** How that answer counts. */
  outcomeAt(now: number): Outcome;
}

/** One request at a time in the order of arrival, with exponential service times: one queue of the supermarket model. */
export function queueingServer(meanMs: number, random: Random): Server {
  let freeAt = 0;
  return {
    finishAt: (now) => (freeAt = Math.max(now, freeAt) + exponential(meanMs, random)),
    outcomeAt: () => 'success',
  };
}

/** Any number of requests at a time, with normal service times. */
export function latencyServer(medianMs: number, sdMs: number, random: Random): Server {
  return {
    finishAt: (now) => now + Math.max(0, medianMs + sdMs * normal(random)),
    outcomeAt: () => 'success',
  };
}

/** Another server's behaviour from one moment to another. */
export function during(fromMs: number, untilMs: number, fault: Server, otherwise: Server): Server {
  const at = (now: number): Server => (now >= fromMs && now < untilMs ? fault : otherwise);
  return {
    finishAt: (now) => at(now).finishAt(now),
    outcomeAt: (now) => at(now).outcomeAt(now),
  };
}

/** Answers every request after the same time and in the same way. */
export function fixedServer(delayMs: number, outcome: Outcome = 'success'): Server {
  return { finishAt: (now) => now + delayMs, outcomeAt: () => outcome };
}
