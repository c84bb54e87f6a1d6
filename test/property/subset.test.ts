import assert from 'node:assert/strict';
import fc from 'fast-check';
import { subset } from '../../packages/core/src/discovery/subset.ts';
import { endpointsSchema } from '../../packages/core/src/endpoint.ts';
import type { ResolvedEndpoint } from '../../packages/core/src/endpoint.ts';
import { resolveOptions } from '../../packages/core/src/options.ts';

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const size = fc.integer({ min: 1, max: 30 });
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 40 });

function setOf(ids: readonly string[]): ResolvedEndpoint[] {
  return resolveOptions(
    'test',
    endpointsSchema,
    ids.map((id, i) => ({ id, url: `http://10.0.0.${i}`, route: `r${i}` })),
  );
}

const without = (from: readonly ResolvedEndpoint[], other: readonly ResolvedEndpoint[]): ResolvedEndpoint[] =>
  from.filter((endpoint) => !other.includes(endpoint));

describe('subset() of any set', () => {
  it('has `size` members, or all, in the order of the set, and the same ones in whatever order that is', () => {
    fc.assert(
      fc.property(names, size, seed, fc.integer(), (ids, count, client, turn) => {
        const all = setOf(ids);
        const choose = subset({ size: count, seed: client });
        const chosen = choose(all);
        assert.equal(chosen.length, Math.min(count, all.length));
        assert.deepEqual(
          chosen,
          all.filter((endpoint) => chosen.includes(endpoint)),
        );
        const by = Math.abs(turn) % all.length;
        const turned = [...all.slice(by), ...all.slice(0, by)].toReversed();
        assert.deepEqual(new Set(choose(turned)), new Set(chosen));
      }),
    );
  });

  it('changes by one at most when an endpoint goes, and only if it was a member; and back when it comes', () => {
    fc.assert(
      fc.property(names, size, seed, fc.nat(), (ids, count, client, index) => {
        const all = setOf(ids);
        const gone = all[index % all.length]!;
        const choose = subset({ size: count, seed: client });
        const [before, after] = [choose(all), choose(all.filter((endpoint) => endpoint !== gone))];
        assert.deepEqual(without(before, after), before.includes(gone) ? [gone] : []);
        const joining = before.includes(gone) && all.length > count ? 1 : 0;
        assert.equal(without(after, before).length, joining);
      }),
    );
  });

  it('changes by one at most each way when an endpoint starts to drain', () => {
    fc.assert(
      fc.property(
        names,
        fc.array(fc.nat(), { maxLength: 10 }),
        size,
        seed,
        fc.nat(),
        (ids, draining, count, client, index) => {
          const drained = setOf(ids);
          for (const each of draining) {
            const at = each % drained.length;
            drained[at] = { ...drained[at]!, isDraining: true };
          }
          const at = index % drained.length;
          const choose = subset({ size: count, seed: client });
          const after = drained.with(at, { ...drained[at]!, isDraining: true });
          const [was, is] = [choose(drained), choose(after)].map((set) => new Set(set.map(({ id }) => id)));
          assert.ok([...was!].every((id) => is!.has(id)));
          assert.ok(
            [...is!].filter((id) => !was!.has(id) && !after.find((each) => each.id === id)!.isDraining).length <= 1,
          );
        },
      ),
    );
  });
});
