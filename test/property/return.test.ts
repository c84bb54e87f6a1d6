/**
 * Whatever has happened to endpoints: what is said of them is true and said once, and those that are well are in use again.
 */
import assert from 'node:assert/strict';
import { anyOf, consecutiveFailures, latencyOutlier, maglev, peakEwma, roundRobin, successRate } from '@evenkeel/core';
import type { EndpointOptions, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import fc from 'fast-check';
import { ClusterCore } from '../../packages/core/src/cluster/cluster-core.ts';
import type { EndpointState } from '../../packages/core/src/cluster/endpoint-state.ts';
import { clusterSchema } from '../../packages/core/src/dispatch/cluster-options.ts';
import { endpointsSchema } from '../../packages/core/src/endpoint.ts';
import { resolveOptions } from '../../packages/core/src/options.ts';

const COUNT = 5;
const STRATEGIES = [roundRobin, peakEwma, maglev];
const POLICIES = [
  () => consecutiveFailures({ threshold: 1 }),
  () => anyOf(consecutiveFailures({ threshold: 2 }), successRate(), latencyOutlier()),
];
const OUTCOMES: Outcome[] = ['success', 'server-error', 'timeout', 'cancelled', 'rate-limited'];
const REASONS = ['probe-failed', 'inhibited', 'draining', 'disabled'] as const;
const REPORTS = ['TEXT named_metrics.draining=1', 'TEXT named_metrics.rif=1'];

/** All endpoints plain, or two of them anything. */
function specs(kind: number): EndpointOptions[] {
  return Array.from({ length: COUNT }, (_, i) => {
    const own = kind >> (3 * i);
    const plain = { id: `e${i}`, url: `http://10.0.0.${i}`, route: `r${i}` };
    if (kind === 0 || i < COUNT - 2) return plain;
    return { ...plain, priority: own & 1, isFallback: (own & 2) !== 0, isDraining: (own & 4) !== 0 };
  }).filter((_, i) => kind % 7 !== i + 1);
}

type Step = readonly [what: number, index: number, value: number];

class World {
  now = 0;
  readonly core: ClusterCore;
  readonly told = new Map<EndpointState, boolean>();
  readonly out: { endpoint: EndpointState; startedAt: number }[] = [];

  constructor(strategy: number, policy: number, panicPercent: number) {
    const ejection = POLICIES[policy]!();
    const given = { endpoints: specs(0), strategy: STRATEGIES[strategy]!(), ejection, panicPercent, random: seeded(5) };
    let wasPanicking = false;
    this.core = new ClusterCore(resolveOptions('test', clusterSchema, given), {
      added: (endpoint) => void this.told.set(endpoint, true),
      removed: (endpoint) => assert.ok(this.told.delete(endpoint)),
      pickable: (endpoint) => this.tell(endpoint, true),
      unpickable: (endpoint) => this.tell(endpoint, false),
      spared: () => undefined,
      panic: (isPanicking) => assert.notEqual(isPanicking, wasPanicking, String((wasPanicking = isPanicking))),
      quorum: () => assert.fail('none was asked for'),
    });
    this.update(0);
  }

  take([what, index, value]: Step): void {
    const { core } = this;
    const endpoint = core.endpoints[index % core.endpoints.length]!;
    if (what < 4) this.pick(what === 0 ? `r${index % COUNT}` : undefined, value % 2 === 0);
    else if (what < 8) this.end(index, OUTCOMES[value % OUTCOMES.length]!);
    else if (what < 10) this.now += value;
    else if (what === 10) core.setReason(endpoint, REASONS[value % REASONS.length]!, value % 3 > 0, this.now);
    else if (what === 11) core.setLeaving(endpoint, 'agent', value % 2 === 0, this.now);
    else if (what === 12) core.setWeightRatio(endpoint, value % 3, this.now);
    else if (what === 13) core.reportLoad(endpoint, REPORTS[value % REPORTS.length]!, this.now);
    else this.update(value);
    this.check();
  }

  /** Nothing is wrong any more, and a little traffic comes by. */
  calm(isSticky: boolean): void {
    const { core } = this;
    while (this.out.length > 0) this.end(0, 'success');
    this.update(0);
    for (const endpoint of core.endpoints) {
      for (const reason of REASONS) core.setReason(endpoint, reason, false, this.now);
      core.setLeaving(endpoint, 'agent', false, this.now);
      core.setWeightRatio(endpoint, 1, this.now);
    }
    for (let i = 0; i < 1_200; i++) {
      this.now += 1_000;
      this.pick(isSticky ? 'r0' : undefined, i % 2 === 0);
      this.end(0, 'success');
      this.check();
    }
    assert.deepEqual(
      core.endpoints.map(({ reasons }) => reasons),
      [0, 0, 0, 0, 0],
    );
    assert.equal(core.snapshot.nextChangeAt, Infinity, 'and no more rebuilds');
  }

  private tell(endpoint: EndpointState, isWell: boolean): void {
    assert.equal(this.told.get(endpoint), !isWell, 'news of a member');
    this.told.set(endpoint, isWell);
  }

  private update(kind: number): void {
    this.core.update(resolveOptions('test', endpointsSchema, specs(kind)), this.now);
  }

  private pick(preferred: string | undefined, isRetryable: boolean): void {
    const { core, now } = this;
    const endpoint = core.pick({ now, key: 7, attempt: 0, preferred, tried: undefined, isRetryable });
    if (endpoint === undefined) return;
    assert.ok(!endpoint.has('disabled') && !endpoint.has('draining'));
    core.begin(endpoint, now);
    this.out.push({ endpoint, startedAt: now });
  }

  private end(index: number, outcome: Outcome): void {
    const [attempt] = this.out.splice(index % Math.max(1, this.out.length), 1);
    if (attempt === undefined) return;
    this.core.report(attempt.endpoint, outcome, attempt.startedAt, this.now);
    this.core.end(attempt.endpoint);
  }

  private check(): void {
    for (const endpoint of this.core.endpoints) assert.equal(this.told.get(endpoint), endpoint.reasons === 0);
  }
}

const steps = fc.array(fc.tuple(fc.nat(14), fc.nat(20), fc.nat(12_000)), { maxLength: 120 });

describe('endpoints, whatever has happened to them', () => {
  for (const isSticky of [false, true]) {
    it(`are in use again when all is well${isSticky ? ', also if all requests stick to one of them' : ''}`, () => {
      fc.assert(
        fc.property(fc.nat(2), fc.nat(1), fc.constantFrom(0, 50), steps, (strategy, policy, panicPercent, all) => {
          const world = new World(strategy, policy, panicPercent);
          for (const one of all) world.take(one);
          world.calm(isSticky);
        }),
        { seed: 13, numRuns: 150 },
      );
    });
  }
});
