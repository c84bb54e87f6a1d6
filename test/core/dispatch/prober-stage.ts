/**
 * A cluster whose probes answer as a test says, at a time that the test makes.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCluster, tcpProbe } from '@evenkeel/core';
import type { Cluster, ClusterOptions, Probe, ProbeEndMessage, ProbeVerdict } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import type { ManualClock } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';

export interface ScriptedProbe extends Probe {
  /** The ids of the endpoints that were asked, in order. */
  readonly asked: string[];
  isWell: boolean;
  /** What it says if it passes. */
  verdict: ProbeVerdict | undefined;
}

/** A probe whose answers the test gives. */
export function scripted(timing: Partial<Probe> = {}): ScriptedProbe {
  const asked: string[] = [];
  return {
    ...tcpProbe({ intervalMs: 1_000, fastIntervalMs: 100, spreadPercent: 0, rise: 2, fall: 3 }),
    name: 'scripted',
    asked,
    isWell: true,
    verdict: undefined,
    check(endpoint) {
      asked.push(endpoint.id);
      return this.isWell ? Promise.resolve(this.verdict) : Promise.reject(new Error('ill'));
    },
    ...timing,
  };
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function changed(cluster: Cluster, event: 'pickable' | 'unpickable'): Promise<void> {
  return new Promise((resolve) => void cluster.on(event, () => resolve()));
}

/** Resolves when a probe of the cluster of this name ends with this state. */
export function probed(name: string, isWell: boolean): Promise<void> {
  return new Promise((resolve) => {
    function listen(message: unknown): void {
      const { cluster, isWell: given } = message as ProbeEndMessage;
      if (cluster !== name || given !== isWell) return;
      unsubscribe('evenkeel:probe:end', listen);
      resolve();
    }
    subscribe('evenkeel:probe:end', listen);
  });
}

/** Sends something that goes well, so that an endpoint on trial proves itself. Gives who got it. */
export function serve(cluster: Cluster, now: number): string | undefined {
  const endpoint = cluster.pick({ now, key: 0, attempt: 0, preferred: undefined, tried: undefined });
  if (endpoint === undefined) return undefined;
  cluster.begin(endpoint, now);
  cluster.report(endpoint, 'success', now, now);
  cluster.end(endpoint);
  return endpoint.id;
}

export const STEP_MS = 10;

export interface Stage {
  readonly clock: ManualClock;
  readonly cluster: Cluster;
  /** Lets time pass, and each probe end a few milliseconds after it began. */
  turn(ms: number): Promise<void>;
}

/** A cluster of endpoints `http://a`, `http://b` and so on, whose time the test makes. */
export function staged(probe: Probe | readonly Probe[], count = 1, options: Partial<ClusterOptions> = {}): Stage {
  const clock = manualClock();
  const urls = Array.from({ length: count }, (_, i) => `http://${String.fromCharCode(97 + i)}`);
  const cluster = closing(
    createCluster({ endpoints: urls, probe, clock, random: seeded(1), panicPercent: 0, slowStartMs: 0, ...options }),
  );
  return {
    clock,
    cluster,
    async turn(ms) {
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        clock.advance(Math.min(STEP_MS, ms - passed));
        await settled();
      }
    },
  };
}
