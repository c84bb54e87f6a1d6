import assert from 'node:assert/strict';
import { isBalancerError, maglev, rendezvousHash, ringHash } from '@evenkeel/core';
import type { HashOptions, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { ANY_PICK } from '../../conformance/strategy.ts';
import { keyed, movedBetweenOthers, orderOf, ownersOf } from './keys.ts';

const MAKES: readonly [name: string, make: (options?: HashOptions) => Strategy, otherShare: number][] = [
  ['rendezvousHash', rendezvousHash, 0],
  ['ringHash', ringHash, 0],
  ['maglev', maglev, 0.01],
];

const ones = (n: number) => stubEndpoints(Array.from({ length: n }, () => 1));

for (const [name, make, otherShare] of MAKES) {
  describe(`${name}() as hashing`, () => {
    it('gives a key to the same endpoint every time, and different keys to all of them', () => {
      const endpoints = ones(7);
      const picker = make().build(endpoints, seeded(), undefined);
      const owners = ownersOf(make(), endpoints, 500);
      for (let i = 0; i < 500; i++) assert.equal(picker.pick(keyed(i + 1))!.id, owners[i]);
      assert.equal(new Set(owners).size, 7);
    });

    it('agrees in all processes, whatever the order of their lists, their chance and the addresses', () => {
      const endpoints = ones(100);
      const moved = endpoints.map((endpoint, i) => ({ ...endpoint, origin: `http://10.1.0.${i}`, route: `x${i}` }));
      const other = make().build(moved.toReversed(), seeded(99), undefined);
      ownersOf(make(), endpoints, 2_000).forEach((id, i) => assert.equal(other.pick(keyed(i + 1))!.id, id));
    });

    it('takes over what it can from a picker before it, and nothing that does not fit', () => {
      const endpoints = stubEndpoints([1, 2, 3, 4]);
      const others = MAKES.map(([, other]) => other({ seed: 3 }).build(endpoints, seeded(), undefined));
      const strategy = make();
      const same = strategy.build(stubEndpoints([1, 2, 3, 4]), seeded(), undefined);
      const changed = [
        strategy.build(stubEndpoints([1, 2, 3, 5]), seeded(), undefined),
        strategy.build(endpoints.slice(1), seeded(), undefined),
        strategy.build(
          Object.assign(stubEndpoints([1, 2, 3, 4]), { 3: { ...endpoints[3]!, id: 'e9' } }),
          seeded(),
          undefined,
        ),
        strategy.build(endpoints.toReversed(), seeded(), undefined),
      ];
      const owners = ownersOf(make(), endpoints, 500);
      for (const previous of [same, ...changed, ...others]) {
        const picker = strategy.build(endpoints, seeded(), previous);
        for (let key = 1; key <= 500; key++) {
          const picked = picker.pick(keyed(key))!;
          assert.equal(picked.id, owners[key - 1]);
          assert.ok(endpoints.includes(picked), 'one of its own endpoints, and not of the picker before it');
        }
      }
    });

    it('gives another arrangement for another seed', () => {
      const endpoints = ones(10);
      const [one, two] = [ownersOf(make(), endpoints, 2_000), ownersOf(make({ seed: 7 }), endpoints, 2_000)];
      const same = one.filter((id, i) => id === two[i]).length;
      assert.ok(Math.abs(same - 200) < 80, `${same} of 2000 keys are where they were`);
    });

    it('moves the keys of an endpoint that goes to all the others, and hardly any other key', () => {
      for (const n of [3, 10, 100]) {
        const endpoints = ones(n);
        const before = ownersOf(make(), endpoints, 50_000);
        const after = ownersOf(make(), endpoints.toSpliced(1, 1), 50_000);
        const others = movedBetweenOthers(before, after, 'e1');
        assert.ok(others <= 50_000 * otherShare, `${others} of 50000 keys move between others of ${n}`);
        const heirs = new Set(after.filter((_, i) => before[i] === 'e1'));
        assert.ok(heirs.size >= Math.min(n - 1, 60), `${heirs.size} heirs of ${n - 1}`);
      }
    });

    it('draws keys to an endpoint whose weight grows in steps, and moves hardly any other key', () => {
      for (const n of [4, 50]) {
        const endpoints = ones(n);
        let before = ownersOf(make(), endpoints.toSpliced(1, 1), 50_000);
        for (let step = 1; step <= 10; step++) {
          endpoints[1]!.weight = step / 10;
          const after = ownersOf(make(), endpoints, 50_000);
          assert.ok(movedBetweenOthers(before, after, 'e1') <= 50_000 * otherShare);
          const lost = before.filter((id, i) => id === 'e1' && after[i] !== 'e1').length;
          assert.ok(lost <= 50_000 * otherShare, `${lost} keys leave the endpoint that grows`);
          before = after;
        }
        const share = before.filter((id) => id === 'e1').length / 50_000;
        assert.ok(Math.abs(share * n - 1) < 0.35, `${share} of the keys at full weight`);
      }
    });

    it('tries the endpoints of a key one after the other, in the same order everywhere', () => {
      const [one, two] = [ones(6), ones(6).toReversed()].map((set) => make().build(set, seeded(), undefined));
      for (let key = 1; key <= 200; key++) {
        const order = orderOf(one!, key, 6);
        assert.equal(new Set(order).size, 6);
        assert.deepEqual(orderOf(two!, key, 6), order);
      }
    });

    it('counts attempts where nobody says which endpoints were tried, over and over', () => {
      const picker = make().build(ones(4), seeded(), undefined);
      for (let key = 1; key <= 50; key++) {
        const order = orderOf(picker, key, 4);
        for (let attempt = 0; attempt < 9; attempt++) {
          assert.equal(picker.pick(keyed(key, { attempt }))!.id, order[attempt % 4]);
        }
      }
    });

    it('starts over when all were tried, and overlooks endpoints that are gone', () => {
      const endpoints = ones(3);
      const gone = ones(1)[0]!;
      const picker = make().build(endpoints, seeded(), undefined);
      const order = orderOf(picker, 5, 3);
      const tried = [...endpoints, gone];
      assert.equal(picker.pick(keyed(5, { attempt: 3, tried }))!.id, order[0]);
      assert.equal(picker.pick(keyed(5, { attempt: 4, tried }))!.id, order[1]);
      assert.equal(picker.pick(keyed(5, { attempt: 1, tried: [gone] }))!.id, order[0]);
    });

    it('spreads retries of a failing endpoint over all the others', () => {
      const endpoints = ones(8);
      const picker = make().build(endpoints, seeded(), undefined);
      const hits = new Map<string, number>();
      for (let key = 1; key <= 40_000; key++) {
        if (picker.pick(keyed(key))!.id !== 'e2') continue;
        const next = picker.pick(keyed(key, { attempt: 1, tried: [endpoints[2]!] }))!.id;
        hits.set(next, (hits.get(next) ?? 0) + 1);
      }
      const total = [...hits.values()].reduce((sum, count) => sum + count, 0);
      assert.equal(hits.size, 7);
      assert.ok(Math.max(...hits.values()) < (1.6 * total) / 7);
    });

    it('places what has no key at random, in proportion to the weights', () => {
      const endpoints = stubEndpoints([1, 3, 6]);
      const picker = make().build(endpoints, seeded(), undefined);
      const hits = new Map(endpoints.map((endpoint) => [endpoint, 0]));
      for (let i = 0; i < 100_000; i++) {
        const endpoint = picker.pick(ANY_PICK)!;
        hits.set(endpoint, hits.get(endpoint)! + 1);
      }
      for (const [{ weight }, count] of hits) assert.ok(Math.abs(count / (10_000 * weight) - 1) < 0.03);
    });

    it('gives every key to somebody: zero, negative ones and all bits', () => {
      const endpoints = ones(5);
      const picker = make().build(endpoints, seeded(), undefined);
      for (const key of [1, -1, 2 ** 31, 2 ** 32 - 1, -(2 ** 31)])
        assert.ok(endpoints.includes(picker.pick(keyed(key)) as never));
      assert.equal(picker.pick(keyed(-1)), picker.pick(keyed(2 ** 32 - 1)));
    });

    it('explains the order of a key, and that no key means chance', () => {
      const picker = make().build(ones(5), seeded(), undefined);
      const tried = [picker.pick(keyed(9))!];
      const { regime, candidates } = picker.explain!(keyed(9));
      assert.equal(regime, 'hash');
      assert.deepEqual(
        candidates.map(({ endpoint }) => endpoint.id),
        orderOf(picker, 9, 5),
      );
      assert.deepEqual(
        candidates.map(({ score }) => score),
        [0, 1, 2, 3, 4],
      );
      const retry = picker.explain!(keyed(9, { attempt: 1, tried }));
      assert.deepEqual(
        retry.candidates.map(({ endpoint }) => endpoint),
        candidates.slice(1).map(({ endpoint }) => endpoint),
      );
      assert.equal(picker.explain!(ANY_PICK).regime, 'random');
      assert.equal(picker.explain!(ANY_PICK).candidates.length, 5);
    });

    it('explains what pick then does, also after all were tried', () => {
      const endpoints = ones(20);
      const picker = make().build(endpoints, seeded(), undefined);
      for (const more of [
        {},
        { attempt: 3 },
        { attempt: 21, tried: endpoints },
        { attempt: 1, tried: endpoints.slice(4) },
      ]) {
        const context = keyed(77, more);
        assert.equal(picker.explain!(context).candidates[0]!.endpoint, picker.pick(context));
      }
      assert.equal(picker.explain!(keyed(77)).candidates.length, 16, 'and names the first few of many');
    });

    it('refuses options that it does not know or that make no sense', () => {
      for (const [options, message] of [
        [{ sed: 1 }, `${name}: \`sed\` is not a known option`],
        [{ seed: -1 }, '`seed` must be an integer from 0 to 4294967295, got -1'],
        [{ boundedLoad: 1.25 }, '`boundedLoad` must be an object, got 1.25'],
        [{ boundedLoad: {} }, '`boundedLoad.factor` is missing'],
        [{ boundedLoad: { factor: 1 } }, '`boundedLoad.factor` must be a number from 1.01 to 10, got 1'],
      ] as const) {
        assert.throws(
          () => make(options as object),
          (error) => isBalancerError(error) && (error as Error).message.includes(message),
        );
      }
    });
  });
}
