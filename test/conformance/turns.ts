/**
 * The laws of strategies that give every endpoint its turn.
 */
import assert from 'node:assert/strict';
import type { Endpoint, Picker, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from './endpoints.ts';
import type { StubEndpoint } from './endpoints.ts';
import { addPicks, ANY_PICK, countPicks } from './picks.ts';

type Make = () => Strategy;
type Build = (endpoints: readonly StubEndpoint[], seed?: number, previous?: Picker<StubEndpoint>) => StubPicker;
type StubPicker = Picker<StubEndpoint>;

/** The next picks, `a` for the first endpoint and so on. */
export function letters(picker: StubPicker, picks: number): string {
  return Array.from({ length: picks }, () => 'abcdefgh'[Number(picker.pick(ANY_PICK)!.id.slice(1))]).join('');
}

function isRotation(text: string, other: string): boolean {
  return text.length === other.length && (text + text).includes(other);
}

function hitsOf(endpoints: readonly StubEndpoint[]): Map<StubEndpoint, number> {
  return new Map(endpoints.map((endpoint) => [endpoint, 0]));
}

const ORDER_LAWS = {
  'takes endpoints of equal weight strictly in turn'(build: Build) {
    const picker = build(stubEndpoints([1, 1, 1, 1]));
    const round = letters(picker, 4);
    assert.equal(new Set(round).size, 4);
    assert.equal(letters(picker, 40), round.repeat(10));
  },

  'spreads 3 of 14 turns out as evenly as they can be'(build: Build) {
    for (let seed = 0; seed < 50; seed++) {
      const picker = build(stubEndpoints([11, 3]), seed);
      assert.equal(letters(picker, 14).replaceAll('b', '').length, 11);
      const picks = letters(picker, 140);
      assert.equal(picks, picks.slice(0, 14).repeat(10), 'the order repeats itself');
      const [, ...runs] = picks.split('b').slice(0, -1);
      // Not nine in a row and then every other one (traefik/traefik#6205).
      assert.ok(
        runs.every((run) => run.length === 3 || run.length === 4),
        picks.slice(0, 28),
      );
    }
  },

  'spreads the turns of a heavy endpoint out instead of bursting'(build: Build) {
    for (let seed = 0; seed < 50; seed++) {
      const picks = letters(build(stubEndpoints([5, 1, 1]), seed), 700);
      assert.ok(!picks.includes('aaaaaaa'), `seed ${seed} has a burst: ${picks.slice(0, 40)}`);
      assert.equal(picks.replaceAll(/[^a]/g, '').length, 500);
    }
  },

  'counts exactly even at 1:65535'(build: Build) {
    const endpoints = stubEndpoints([1, 65_535]);
    assert.equal(countPicks(build(endpoints), 65_536 * 4).get(endpoints[0]!), 4);
  },

  'calls small endpoints among many large ones, however often it is rebuilt'(build: Build) {
    // envoyproxy/envoy#10064: with rebuilds more often than all have had a turn, these were never called.
    const endpoints = stubEndpoints([...Array<number>(1_000).fill(128), ...Array<number>(100).fill(10)]);
    const small = endpoints.slice(1_000);
    for (const isKept of [true, false]) {
      const hits = hitsOf(endpoints);
      let picker: StubPicker | undefined;
      for (let i = 0; i < 200; i++) {
        picker = build(endpoints, i, isKept ? picker : undefined);
        addPicks(hits, countPicks(picker, 500));
      }
      const total = small.reduce((sum, endpoint) => sum + hits.get(endpoint)!, 0);
      assert.ok(Math.abs(total / (100_000 * (1_000 / 129_000)) - 1) < 0.1, `${total} picks for all of them`);
      if (isKept) assert.ok(small.every((endpoint) => Math.abs(hits.get(endpoint)! - 1_000 / 129) <= 2));
    }
  },

  'explains in order: the next pick has the least score'(build: Build) {
    const endpoints = stubEndpoints([3, 1, 2.5, 2, 1, 7]);
    const picker = build(endpoints);
    const random = seeded();
    for (let i = 0; i < 500; i++) {
      const { candidates } = picker.explain!(ANY_PICK);
      const best = candidates.toSorted((a, b) => a.score! - b.score!)[0]!.endpoint;
      assert.equal(picker.pick(ANY_PICK), best);
      if (i % 9 === 0) picker.charge!(endpoints[random.below(6)]!);
    }
  },
} as const;

const CHANGE_LAWS = {
  'goes on where it was when it is rebuilt'(build: Build) {
    for (const weights of [
      [3, 2, 1, 1],
      [5, 4, 3, 2, 1, 1.5],
    ]) {
      const endpoints = stubEndpoints(weights);
      const uninterrupted = letters(build(endpoints), 280);
      let picker = build(endpoints);
      let picks = '';
      for (let i = 0; i < 280; i++) {
        picks += letters(picker, 1);
        picker = build(endpoints, i, picker);
      }
      assert.equal(picks, uninterrupted);
    }
  },

  'keeps the others in turn when an endpoint comes or goes'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    const before = build(endpoints);
    const round = letters(before, 4);
    const without = build(endpoints.slice(1), 9, before);
    assert.equal(letters(without, 3), round.replace('a', ''));
    const again = build(endpoints, 9, without);
    assert.equal(letters(again, 4).replace('a', ''), round.replace('a', ''));
  },

  'scales what is left of a turn when a weight changes'(build: Build) {
    const endpoints = stubEndpoints([1, 1]);
    const before = build(endpoints);
    before.pick(ANY_PICK);
    endpoints[0]!.weight = 9;
    const hits = countPicks(build(endpoints, 1, before), 10);
    assert.ok(Math.abs(hits.get(endpoints[0]!)! - 9) <= 1, `the new weight holds at once: ${hits.get(endpoints[0]!)}`);
  },

  'brings an endpoint in by and by when its weight grows at every rebuild'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1, 0.1]);
    let picker = build(endpoints.slice(0, 3));
    let expected = 0;
    let hits = 0;
    for (let i = 0; i < 900; i++) {
      endpoints[3]!.weight = 0.1 + i / 1_000;
      picker = build(endpoints, i, picker);
      const picks = letters(picker, 3);
      hits += picks.replaceAll(/[^d]/g, '').length;
      expected += (3 * endpoints[3]!.weight) / (3 + endpoints[3]!.weight);
      assert.ok(!picks.includes('dd'), 'never twice in a row');
      assert.ok(Math.abs(hits - expected) <= 1.5, `${hits} instead of ${expected} after ${i} rebuilds`);
    }
  },
} as const;

const OUT_OF_TURN_LAWS = {
  'makes up for stuck requests with those that are free'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    const hits = hitsOf(endpoints);
    for (let i = 0; i < 3_000; i++) {
      // Two of five requests stick to the first endpoint: more than its third, were the others to ignore it.
      const endpoint = i % 5 < 2 ? endpoints[0]! : picker.pick(ANY_PICK)!;
      if (i % 5 < 2) picker.charge!(endpoint);
      hits.set(endpoint, hits.get(endpoint)! + 1);
    }
    assert.ok(hits.get(endpoints[0]!)! < 1_220, 'no free request goes to the endpoint that has too many');
    assert.ok(Math.abs(hits.get(endpoints[1]!)! - 900) < 10);
  },

  'leaves small endpoints their part of the free requests beside a large one that has too many stuck ones'(
    build: Build,
  ) {
    const endpoints = stubEndpoints([8, 1, 1]);
    const picker = build(endpoints);
    const hits = hitsOf(endpoints);
    for (let i = 0; i < 4_000; i++) {
      if (i % 10 === 0) picker.charge!(endpoints[1]!);
      else if (i % 2 === 0) picker.charge!(endpoints[0]!);
      else addPicks(hits, countPicks(picker, 1));
    }
    // In all: 3200, 400, 400. Stuck: 1600, 400, 0.
    for (const [index, expected] of [1_600, 0, 400].entries()) {
      assert.ok(Math.abs(hits.get(endpoints[index]!)! - expected) < 15, `${hits.get(endpoints[index]!)}`);
    }
  },

  'owes no more than a few turns after a time of stuck requests alone'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    for (let i = 0; i < 10_000; i++) picker.charge!(endpoints[0]!);
    const picks = letters(picker, 300);
    assert.ok(picks.indexOf('a') < 15, `the endpoint is back soon: ${picks.slice(0, 30)}`);
    assert.equal(picks.slice(30).replaceAll(/[^a]/g, '').length, 90);
  },

  'owes no more than that after a rebuild with other weights'(build: Build) {
    const endpoints = stubEndpoints([65_535, 1, 1, 1, 1, 1, 1, 1]);
    const before = build(endpoints);
    for (let i = 0; i < 10_000; i++) before.charge!(endpoints[0]!);
    endpoints[0]!.weight = 1;
    const picks = letters(build(endpoints, 1, before), 60);
    assert.ok(
      picks.indexOf('a') >= 0 && picks.indexOf('a') < 40,
      `what were short turns are no long ones now: ${picks}`,
    );
  },

  'knows who had too many though all requests were stuck'(build: Build) {
    for (let seed = 0; seed < 20; seed++) {
      const endpoints = stubEndpoints([1, 1, 1]);
      const picker = build(endpoints, seed);
      for (let i = 0; i < 2_000; i++) for (const index of [0, 1, 0, 2]) picker.charge!(endpoints[index]!);
      assert.ok(!letters(picker, 4).includes('a'));
    }
  },

  'stays in turn if every request is charged evenly'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    const picker = build(endpoints, 4);
    const round = letters(picker, 4);
    for (let i = 0; i < 1_000; i++) for (const endpoint of endpoints) picker.charge!(endpoint);
    assert.ok(isRotation(round, letters(picker, 4)));
  },

  'ignores a charge for an endpoint that is not its own'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints.slice(0, 2));
    picker.charge!(endpoints[2]!);
    assert.equal(countPicks(picker, 2).size, 2);
  },

  'takes no turn from an endpoint that a retry passes over'(build: Build) {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    const round = letters(picker, 3);
    const next = endpoints['abc'.indexOf(round[0]!)]!;
    assert.notEqual(picker.pick({ ...ANY_PICK, attempt: 1, tried: [next] }), next);
    assert.equal(picker.pick(ANY_PICK), next);
  },

  'shares retries out by weight'(build: Build) {
    const endpoints = stubEndpoints([2, 1, 3, 1]);
    const picker = build(endpoints);
    const hits = hitsOf(endpoints);
    for (let i = 0; i < 600; i++) {
      const endpoint = picker.pick({ ...ANY_PICK, attempt: 1, tried: [endpoints[0]!] })!;
      hits.set(endpoint, hits.get(endpoint)! + 1);
    }
    [0, 120, 360, 120].forEach((expected, index) => {
      assert.ok(Math.abs(hits.get(endpoints[index]!)! - expected) <= 6, [...hits.values()].join());
    });
  },
} as const;

const LAWS = { ...ORDER_LAWS, ...CHANGE_LAWS, ...OUT_OF_TURN_LAWS } as const;

/** Defines one test per law. */
export function describeTurns(name: string, make: Make): void {
  const strategy = make();
  const build = <E extends Endpoint>(endpoints: readonly E[], seed = 1, previous?: Picker<E>): Picker<E> =>
    strategy.build(endpoints, seeded(seed), previous);
  describe(`${name}, which gives each endpoint its turn,`, () => {
    for (const [law, check] of Object.entries(LAWS)) it(law, () => check(build));
  });
}
