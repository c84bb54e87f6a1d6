import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import type { EndpointOptions } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';
import { discovered } from './scripted.ts';
import { subset } from '../../../packages/core/src/discovery/subset.ts';
import { endpointsSchema } from '../../../packages/core/src/endpoint.ts';
import type { ResolvedEndpoint } from '../../../packages/core/src/endpoint.ts';
import { resolveOptions } from '../../../packages/core/src/options.ts';

function endpoints(
  count: number,
  options: (index: number) => Partial<EndpointOptions> = () => ({}),
): ResolvedEndpoint[] {
  const given = Array.from({ length: count }, (_, i) => ({ id: `e${i}`, url: `http://10.0.0.${i}`, ...options(i) }));
  return resolveOptions('test', endpointsSchema, given);
}

const ids = (set: readonly ResolvedEndpoint[]): string[] => set.map(({ id }) => id);

describe('subset()', () => {
  it('gives every endpoint its share of the clients', () => {
    const [clients, size, all] = [3_000, 12, endpoints(60)];
    const counts = new Map(all.map(({ id }) => [id, 0]));
    for (let seed = 0; seed < clients; seed++) {
      for (const { id } of subset({ size, seed })(all)) counts.set(id, counts.get(id)! + 1);
    }
    // Binomial(3000, 1/5): mean 600, standard deviation 22. Of 60 draws one beyond 4 deviations comes in 1 of 260 worlds.
    for (const [id, count] of counts) assert.ok(Math.abs(count - 600) <= 88, `${id}: ${count}`);
  });

  it('draws neighbours independently, so that clients that share one endpoint share no other', () => {
    const [clients, size, all] = [3_000, 12, endpoints(60)];
    const counts = new Map(all.map(({ id }) => [id, 0]));
    let sharing = 0;
    for (let seed = 0; seed < clients; seed++) {
      const chosen = ids(subset({ size, seed })(all));
      if (!chosen.includes('e0')) continue;
      sharing++;
      for (const id of chosen) counts.set(id, counts.get(id)! + 1);
    }
    counts.delete('e0');
    const mean = (sharing * 11) / 59;
    for (const [id, count] of counts) assert.ok(Math.abs(count - mean) <= 4 * Math.sqrt(mean), `${id}: ${count}`);
  });

  it('leaves weights to the strategy', () => {
    const heavy = endpoints(60, (i) => ({ weight: 1 + i * 100 }));
    assert.deepEqual(ids(subset({ size: 12, seed: 7 })(heavy)), ids(subset({ size: 12, seed: 7 })(endpoints(60))));
  });

  it('chooses from every priority level and keeps all sorry servers', () => {
    const all = endpoints(45, (i) => (i < 15 ? { isFallback: true } : { priority: i % 2 }));
    const chosen = subset({ size: 4, seed: 1 })(all);
    assert.equal(chosen.filter(({ isFallback }) => isFallback).length, 15);
    for (const priority of [0, 1]) {
      assert.equal(chosen.filter((each) => !each.isFallback && each.priority === priority).length, 4);
    }
  });

  it('replaces one that is draining and keeps it until it is gone', () => {
    const choose = subset({ size: 4, seed: 1 });
    const all = endpoints(20);
    const before = ids(choose(all));
    const leaving = before[1]!;
    const during = ids(choose(all.map((each) => (each.id === leaving ? { ...each, isDraining: true } : each))));
    const after = ids(choose(all.filter(({ id }) => id !== leaving)));
    assert.equal(during.length, 5);
    assert.ok(before.every((id) => during.includes(id)));
    assert.deepEqual(
      after,
      during.filter((id) => id !== leaving),
    );
  });

  it('is made of whatever list a cluster is given', async () => {
    const many = Array.from({ length: 40 }, (_, i) => `http://10.0.0.${i}`);
    const choice = { size: 5, seed: 3 };
    const list = closing(createCluster({ endpoints: many, subset: choice }));
    const chosen = list.endpoints.map(({ id }) => id);
    assert.equal(chosen.length, 5);
    list.update(many.toReversed());
    assert.deepEqual(
      list.endpoints.map(({ id }) => id),
      chosen.toReversed(),
    );
    const found = discovered({ subset: choice });
    await found.resolver.say(many);
    assert.deepEqual(found.ids(), chosen);
    const drawn = [1, 2].map((seed) =>
      closing(createCluster({ endpoints: many, subset: { size: 5 }, random: seeded(seed) })).endpoints.map(
        ({ id }) => id,
      ),
    );
    assert.notDeepEqual(drawn[0], drawn[1]);
  });
});
