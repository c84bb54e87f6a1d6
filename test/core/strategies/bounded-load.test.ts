import assert from 'node:assert/strict';
import { maglev, rendezvousHash, ringHash } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { ANY_PICK } from '../../conformance/strategy.ts';
import { keyed, ownersOf } from './keys.ts';

const ones = (n: number) => stubEndpoints(Array.from({ length: n }, () => 1));

function inflightOf(endpoints: readonly Endpoint[]): number {
  return endpoints.reduce((sum, { inflight }) => sum + inflight, 0);
}

/** @returns what each endpoint got */
function fill(
  endpoints: readonly StubEndpoint[],
  requests: number,
  pick: (i: number) => Endpoint | undefined,
): number[] {
  for (let i = 0; i < requests; i++) (pick(i) as StubEndpoint).inflight++;
  return endpoints.map(({ inflight }) => inflight);
}

for (const make of [rendezvousHash, ringHash, maglev]) {
  describe(`${make.name}({ boundedLoad })`, () => {
    const boundedLoad = { factor: 1.25 };

    it('splits a hot key over as many endpoints as it takes', () => {
      const endpoints = ones(10);
      const picker = make({ boundedLoad }).build(endpoints, seeded(), undefined);
      const loads = fill(endpoints, 1_000, () => picker.pick(keyed(42)));
      assert.ok(Math.max(...loads) <= 125, loads.join(' '));
      assert.equal(loads.filter((load) => load > 0).length, 8, 'and over no more: eight at 1.25 times their share');
      const free = make().build(ones(10), seeded(), undefined);
      assert.equal(new Set(Array.from({ length: 100 }, () => free.pick(keyed(42)))).size, 1);
    });

    it('leaves keys where they belong while nothing is above its bound', () => {
      const endpoints = ones(20);
      for (const endpoint of endpoints) endpoint.inflight = 5;
      const picker = make({ boundedLoad }).build(endpoints, seeded(), undefined);
      ownersOf(make(), endpoints, 2_000).forEach((id, i) => assert.equal(picker.pick(keyed(i + 1))!.id, id));
    });

    it('takes a key back when its endpoint has room again', () => {
      const endpoints = ones(4);
      const picker = make({ boundedLoad }).build(endpoints, seeded(), undefined);
      const home = picker.pick(keyed(3))!;
      home.inflight = 8;
      const other = picker.pick(keyed(3));
      assert.notEqual(other, home);
      assert.equal(picker.pick(keyed(3)), other, 'its keys go together all the while');
      home.inflight = 1;
      for (const endpoint of endpoints) endpoint.inflight = 1;
      assert.equal(picker.pick(keyed(3)), home);
    });

    it('spreads what overflows over all the others, instead of filling one neighbour after the other', () => {
      const endpoints = ones(10);
      endpoints[0]!.inflight = 100;
      const picker = make({ boundedLoad }).build(endpoints, seeded(), undefined);
      const hits = new Map<string, number>();
      ownersOf(make(), endpoints, 30_000).forEach((id, i) => {
        if (id !== 'e0') return;
        const next = picker.pick(keyed(i + 1))!.id;
        hits.set(next, (hits.get(next) ?? 0) + 1);
      });
      const total = [...hits.values()].reduce((sum, count) => sum + count, 0);
      assert.equal(hits.size, 9);
      assert.ok(Math.max(...hits.values()) < (1.6 * total) / 9);
    });

    it('counts by weight', () => {
      const endpoints = stubEndpoints([1, 4]);
      const picker = make({ boundedLoad: { factor: 1.1 } }).build(endpoints, seeded(), undefined);
      const loads = fill(endpoints, 1_000, (i) => picker.pick(keyed(i + 1)));
      assert.ok(loads[0]! <= 220 && loads[1]! <= 880, loads.join(' '));
    });

    it('holds what has no key to the bound too', () => {
      const endpoints = ones(10);
      const picker = make({ boundedLoad: { factor: 1.01 } }).build(endpoints, seeded(), undefined);
      const loads = fill(endpoints, 1_000, () => picker.pick(ANY_PICK));
      assert.ok(Math.max(...loads) <= 102 && Math.min(...loads) >= 90, loads.join(' '));
    });

    it('rather goes above the bound than to an endpoint that was tried', () => {
      const endpoints = ones(3);
      endpoints[2]!.inflight = 90;
      const picker = make({ boundedLoad }).build(endpoints, seeded(), undefined);
      for (let key = 0; key < 20; key++) {
        const context = keyed(key, { attempt: 2, tried: endpoints.slice(0, 2) });
        assert.equal(picker.pick(context), endpoints[2]);
      }
    });

    it('knows the total of very many endpoints as of some picks ago, and all of it after 10 ms', () => {
      const endpoints = ones(640);
      const picker = make({ boundedLoad: { factor: 2 } }).build(endpoints, seeded(), undefined);
      const home = picker.pick(keyed(1))!;
      // Its bound is 1.9, but the picker still thinks that there is nothing in flight.
      endpoints.forEach((endpoint, i) => (endpoint.inflight = i % 2 === 0 ? 2 : 0));
      home.inflight = 1;
      assert.notEqual(picker.pick(keyed(1)), home);
      assert.equal(picker.pick(keyed(1, { now: 10 })), home, 'after 10 ms');
      for (const endpoint of endpoints) endpoint.inflight = 0;
      for (let i = 0; i < 10; i++) picker.pick(keyed(2, { now: 10 }));
      home.inflight = 1;
      assert.notEqual(picker.pick(keyed(1, { now: 10 })), home, 'after ten picks');
    });

    it('counts anew where nobody has room by a total that is old', () => {
      for (let i = 0; i < 40; i++) {
        const endpoints = ones(640);
        const picker = make({ boundedLoad: { factor: 1.01 } }).build(endpoints, seeded(i), undefined);
        picker.pick(keyed(99));
        endpoints.forEach((endpoint, at) => (endpoint.inflight = at % 2 === 0 ? 50 : 10));
        const picked = picker.pick(i % 2 === 0 ? ANY_PICK : keyed(i))!;
        assert.ok(picked.inflight + 1 <= Math.ceil((1.01 * (inflightOf(endpoints) + 1)) / 640));
      }
    });

    it('explains an overflow', () => {
      const endpoints = ones(5);
      const picker = make({ boundedLoad }).build(endpoints, seeded(), undefined);
      const home = picker.pick(keyed(3))!;
      home.inflight = 50;
      const { regime, candidates } = picker.explain!(keyed(3));
      assert.equal(regime, 'overflow');
      assert.equal(candidates[0]!.endpoint, picker.pick(keyed(3)));
      assert.equal(candidates.at(-1)!.endpoint, home, 'which comes last and not never');
    });
  });
}
