import assert from 'node:assert/strict';
import { leastRequest, peakEwma } from '@evenkeel/core';
import type { Picker, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { ANY_PICK, addPicks, countPicks } from '../../conformance/picks.ts';

const MAKES = { leastRequest, peakEwma };

function build(make: () => Strategy, endpoints: readonly StubEndpoint[], previous?: Picker<StubEndpoint>) {
  return make().build(endpoints, seeded(3), previous);
}

/** Endpoints of weight 1, then as many of weight 2 or one more, all with one latency. */
function halfLight(n: number): StubEndpoint[] {
  const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => (i < Math.floor(n / 2) ? 1 : 2)));
  for (const endpoint of endpoints) endpoint.latencyMs = 20;
  return endpoints;
}

/** Picks of which each is in flight for the time of `duration` further ones. */
function overlap(picker: Picker<StubEndpoint>, picks: number, duration: number): Map<StubEndpoint, number> {
  const hits = new Map<StubEndpoint, number>();
  const inflight: StubEndpoint[] = [];
  for (let i = 0; i < picks; i++) {
    const endpoint = picker.pick(ANY_PICK)!;
    endpoint.inflight++;
    inflight.push(endpoint);
    if (inflight.length > duration) inflight.shift()!.inflight--;
    hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
  }
  for (const endpoint of inflight) endpoint.inflight--;
  return hits;
}

function assertHalf(hits: ReadonlyMap<StubEndpoint, number>, label: string): void {
  let [light, lights, heavy, heavies] = [0, 0, 0, 0];
  for (const [{ weight }, count] of hits) {
    if (weight === 1) [light, lights] = [light + count, lights + 1];
    else [heavy, heavies] = [heavy + count, heavies + 1];
  }
  const share = light / lights / (heavy / heavies);
  assert.ok(Math.abs(share - 0.5) < 0.005, `${label}: ${share}`);
}

for (const [name, make] of Object.entries(MAKES)) {
  describe(`${name}() where weights differ`, () => {
    it('gives half the weight half the requests, few or many, of two endpoints or forty', () => {
      for (const n of [2, 3, 4, 6, 10, 40]) {
        for (const perEndpoint of [0, 0.5, 2]) {
          const hits = overlap(build(make, halfLight(n)), 20_000, Math.round(perEndpoint * n));
          assertHalf(hits, `${n} endpoints, ${perEndpoint} in flight on each`);
        }
      }
    });

    it('spreads the requests of idle endpoints out evenly', () => {
      const endpoints = stubEndpoints([11, 3]);
      const picker = build(make, endpoints);
      const picks = Array.from({ length: 140 }, () => (picker.pick(ANY_PICK) === endpoints[0] ? 'a' : 'b')).join('');
      const [, ...runs] = picks.split('b').slice(0, -1);
      assert.ok(runs.length > 25 && runs.every((run) => run.length === 3 || run.length === 4));
    });

    it('leaves an endpoint that is busy alone, and gives it no more than a turn when it is idle again', () => {
      for (const n of [4, 20]) {
        const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => 1 + (i % 3)));
        const picker = build(make, endpoints);
        endpoints[0]!.inflight = 1_000;
        const meanwhile = countPicks(picker, 5_000);
        assert.equal(meanwhile.get(endpoints[0]!), undefined);
        for (const { weight, id } of endpoints) {
          const hits = [...meanwhile].find(([endpoint]) => endpoint.id === id)?.[1] ?? 0;
          const total = endpoints.slice(1).reduce((sum, other) => sum + other.weight, 0);
          const isFair = Math.abs(hits / ((5_000 * weight) / total) - 1) < 0.02;
          assert.ok(id === 'e0' || isFair, `${id} of ${n} gets its part of that: ${hits}`);
        }
        endpoints[0]!.inflight = 0;
        const hits = countPicks(picker, 10 * n).get(endpoints[0]!)!;
        assert.ok(hits >= 4 && hits <= 7, `${hits} in five turns`);
      }
    });

    it('makes up for stuck requests with those that are free', () => {
      for (const n of [3, 20]) {
        const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 2)));
        const picker = build(make, endpoints);
        const hits = new Map<StubEndpoint, number>();
        const rounds = 100 * (2 * n - 1);
        for (let i = 0; i < rounds; i++) {
          // Half of what is the first one's in all.
          if (i % (2 * (2 * n - 1)) === 0) picker.charge!(endpoints[0]!);
          else addPicks(hits, countPicks(picker, 1));
        }
        assert.ok(Math.abs(hits.get(endpoints[0]!)! - 50) <= 2, `${hits.get(endpoints[0]!)}`);
      }
    });

    it('ignores a charge for an endpoint that is not its own', () => {
      const endpoints = stubEndpoints([1, 2, 1]);
      const picker = build(make, endpoints.slice(0, 2));
      picker.charge!(endpoints[2]!);
      assert.equal(countPicks(picker, 3).size, 2);
    });

    it('takes no turn from an endpoint that a retry passes over', () => {
      for (const n of [3, 20]) {
        const endpoints = halfLight(n);
        const [asked, plain] = [build(make, endpoints), build(make, endpoints)];
        const next = plain.pick(ANY_PICK)!;
        assert.notEqual(asked.pick({ ...ANY_PICK, attempt: 1, tried: [next] }), next);
        assert.equal(asked.pick(ANY_PICK), next);
      }
    });

    it('goes on where it was when it is rebuilt', () => {
      for (const n of [4, 20]) {
        const endpoints = halfLight(n);
        const plain = build(make, endpoints);
        let picker = build(make, endpoints);
        for (let i = 0; i < 200; i++) {
          assert.equal(picker.pick(ANY_PICK)?.id, plain.pick(ANY_PICK)?.id);
          picker = build(make, endpoints, picker);
        }
      }
    });

    it('holds the shares while weights differ for some of the time only', () => {
      const endpoints = stubEndpoints(Array.from({ length: 12 }, () => 1));
      let picker: Picker<StubEndpoint> | undefined;
      const hits = new Map<StubEndpoint, number>();
      for (let i = 0; i < 1_000; i++) {
        endpoints[0]!.weight = i % 2 === 0 ? 0.5 : 1;
        picker = make().build(endpoints, seeded(i), picker);
        addPicks(hits, countPicks(picker, 24));
      }
      const expected = 500 * 24 * (0.5 / 11.5 + 1 / 12);
      assert.ok(Math.abs(hits.get(endpoints[0]!)! / expected - 1) < 0.1, `${hits.get(endpoints[0]!)} of ${expected}`);
    });

    it('chooses at random with a single choice', () => {
      const endpoints = stubEndpoints([1, 3]);
      endpoints[1]!.inflight = 50;
      const picker = MAKES[name as keyof typeof MAKES]({ choices: 1 }).build(endpoints, seeded(), undefined);
      assert.ok(Math.abs(countPicks(picker, 10_000).get(endpoints[0]!)! - 2_500) < 200);
    });
  });
}

describe('peakEwma() where weights differ', () => {
  it('follows the weights while latencies waver between two steps', () => {
    for (const n of [2, 6, 20]) {
      const endpoints = halfLight(n);
      const picker = build(peakEwma, endpoints);
      const chance = seeded(5);
      const hits = new Map<StubEndpoint, number>();
      for (let i = 0; i < 20_000; i++) {
        const endpoint = picker.pick(ANY_PICK)!;
        hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
        // 20 ms and 21 ms are on either side of a boundary.
        endpoint.latencyMs = 20 + chance.below(2);
      }
      assertHalf(hits, `${n} endpoints`);
    }
  });

  it('gives an idle endpoint up for one that is faster by two steps', () => {
    for (const [latencyMs, share] of [
      [21, 1 / 3],
      [25, 0],
    ] as const) {
      const endpoints = stubEndpoints([1, 2]);
      endpoints[0]!.latencyMs = latencyMs;
      endpoints[1]!.latencyMs = 20;
      const hits = countPicks(build(peakEwma, endpoints), 3_000).get(endpoints[0]!) ?? 0;
      assert.ok(Math.abs(hits - 3_000 * share) <= 1, `${latencyMs} ms: ${hits}`);
    }
  });

  it('remembers what is usual when weights begin to differ, and when they no longer do', () => {
    for (const [before, after] of [
      [
        [1, 1],
        [1, 1, 0.5],
      ],
      [
        [1, 2],
        [2, 2, 2],
      ],
      [
        [1, 2],
        [2, 1, 3],
      ],
    ] as const) {
      const endpoints = stubEndpoints(before);
      for (const endpoint of endpoints) endpoint.latencyMs = 50;
      const known = build(peakEwma, endpoints);
      countPicks(known, 10);
      const joined = stubEndpoints(after);
      joined[0]!.latencyMs = joined[1]!.latencyMs = 50;
      // Without a usual latency, a newcomer would count as idle; with one, it waits for the answer to its first request.
      joined[2]!.inflight = 1;
      assert.equal(countPicks(build(peakEwma, joined, known), 100).get(joined[2]!), undefined);
    }
  });
});

describe('leastRequest() where weights differ', () => {
  it('says by which rule it goes', () => {
    const regimes = [3, 20].map((n) => build(leastRequest, halfLight(n)).explain!(ANY_PICK).regime);
    assert.deepEqual(regimes, ['turn-and-full-scan', 'turn-and-best-of-2']);
  });
});
