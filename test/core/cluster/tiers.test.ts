import assert from 'node:assert/strict';
import { leastRequest } from '@evenkeel/core';
import type { Cluster, ClusterOptions, EndpointOptions } from '@evenkeel/core';
import { context, make } from './clusters.ts';

type Given = Partial<EndpointOptions>;

/** A cluster of groups: so many endpoints, of which so many are well, and what else holds for them. */
function clusterOf(
  groups: readonly [all: number, well: number, options: Given][],
  options: Partial<ClusterOptions> = {},
) {
  const endpoints = groups.flatMap(([all, , given], group) =>
    Array.from({ length: all }, (_, i) => ({ ...given, id: `g${group}-${i}`, url: `http://10.0.${group}.${i}` })),
  );
  const cluster = make(1, { endpoints, strategy: leastRequest(), maxEjectedPercent: 100, slowStartMs: 0, ...options });
  groups.forEach(([all, well], group) => {
    for (let i = well; i < all; i++) failForGood(cluster, `g${group}-${i}`);
  });
  return cluster;
}

function failForGood(cluster: Cluster, id: string): void {
  const endpoint = cluster.endpoints.find((candidate) => candidate.id === id)!;
  for (let i = 0; i < 5; i++) {
    cluster.begin(endpoint, 0);
    cluster.report(endpoint, 'server-error', 0, 0);
    cluster.end(endpoint);
  }
}

/** The share of each group, in percent. */
function shares(cluster: Cluster, picks = 40_000): number[] {
  const hits = [0, 0];
  for (let i = 0; i < picks; i++) {
    const group = Number(/^g(\d+)/.exec(cluster.pick(context(1))!.id)![1]);
    hits[group] = (hits[group] ?? 0) + 1;
  }
  return hits.map((count) => Math.round((100 * count) / picks));
}

function near(actual: readonly number[], expected: readonly number[]): void {
  const isNear = expected.every((percent, i) => Math.abs((actual[i] ?? 0) - percent) <= 1);
  assert.ok(isNear, `${actual.join('/')} is not ${expected.join('/')}`);
}

describe('priority levels', () => {
  // Envoy's documentation has these figures: load = min(100, 140 * well / all), the rest goes on.
  for (const [well, expected] of [
    [100, [100]],
    [72, [100]],
    [71, [99, 1]],
    [50, [70, 30]],
    [25, [35, 65]],
    [0, [0, 100]],
  ] as const) {
    it(`with ${well} % of the first one well, ${expected[1] ?? 0} % goes to the second`, () => {
      near(
        shares(
          clusterOf([
            [100, well, { priority: 0 }],
            [10, 10, { priority: 1 }],
          ]),
        ),
        expected,
      );
    });
  }

  it('share in proportion what none can take alone, and ignore health where too few are well', () => {
    const cluster = clusterOf([
      [10, 2, { priority: 0 }],
      [10, 2, { priority: 3 }],
    ]);
    near(shares(cluster), [50, 50]);
    assert.equal(cluster.pickable, 20);
  });

  it('do not spill over for the weight of a slow start', () => {
    const cluster = clusterOf(
      [
        [4, 4, { priority: 0 }],
        [4, 4, { priority: 1 }],
      ],
      { slowStartMs: 10_000 },
    );
    cluster.disable('g0-0');
    cluster.enable('g0-0');
    near(shares(cluster), [100, 0]);
  });

  it('let what hangs on a key stay in its level while the shares hold', () => {
    const cluster = clusterOf([
      [100, 50, { priority: 0 }],
      [10, 10, { priority: 1 }],
    ]);
    const levelOf = (key: number): number => cluster.pick(context(1, { key }))!.priority;
    for (let key = 1; key < 500; key++) assert.equal(levelOf(key), levelOf(key));
    const first = Array.from({ length: 20_000 }, (_, i) => levelOf(i + 1)).filter((level) => level === 0).length;
    assert.ok(Math.abs(first / 20_000 - 0.7) < 0.015, String(first / 20_000));
  });
});

describe('zones', () => {
  const locality = { zone: 'a' };

  it('keep traffic at home where that can take it', () => {
    near(
      shares(
        clusterOf(
          [
            [4, 4, { zone: 'a' }],
            [4, 4, { zone: 'b' }],
          ],
          { locality },
        ),
      ),
      [100, 0],
    );
  });

  it('send away what the own zone cannot take, to where there is room', () => {
    // Callers are spread evenly, endpoints are not: a third of what they need is in zone a.
    const cluster = clusterOf(
      [
        [2, 2, { zone: 'a' }],
        [6, 6, { zone: 'b' }],
        [4, 4, { zone: 'c' }],
      ],
      { locality },
    );
    near(shares(cluster), [50, 50, 0]);
  });

  it('count callers where they are said to be', () => {
    const callers = { a: 1, b: 3 };
    const groups: [number, number, Given][] = [
      [2, 2, { zone: 'a' }],
      [6, 6, { zone: 'b' }],
    ];
    near(shares(clusterOf(groups, { locality: { ...locality, callers } })), [100, 0]);
  });

  it('let the load of a zone follow what is well in it, with some to spare', () => {
    // 1.4 * 3/6 of zone a is well: it can take 4.2 of 10.2, where half of the callers are.
    near(
      shares(
        clusterOf(
          [
            [6, 3, { zone: 'a' }],
            [6, 6, { zone: 'b' }],
          ],
          { locality },
        ),
      ),
      [82, 18],
    );
  });

  it('do not matter with few endpoints, or with none well at home', () => {
    near(
      shares(
        clusterOf(
          [
            [2, 2, { zone: 'a' }],
            [2, 2, { zone: 'b' }],
          ],
          { locality },
        ),
      ),
      [50, 50],
    );
    near(
      shares(
        clusterOf(
          [
            [4, 0, { zone: 'a' }],
            [8, 8, { zone: 'b' }],
          ],
          { locality },
        ),
      ),
      [0, 100],
    );
    near(
      shares(
        clusterOf(
          [
            [4, 4, { zone: 'b' }],
            [4, 4, { zone: 'c' }],
          ],
          { locality },
        ),
      ),
      [50, 50],
    );
  });
});

describe('a fallback endpoint', () => {
  const sorry: [number, number, Given] = [1, 1, { isFallback: true }];

  it('serves only while nobody else may, and instead of a panic', () => {
    near(shares(clusterOf([[4, 4, {}], sorry])), [100, 0]);
    near(shares(clusterOf([[4, 1, {}], sorry])), [100, 0]);
    const cluster = clusterOf([[2, 2, {}], sorry]);
    cluster.disable('g0-0');
    cluster.disable('g0-1');
    near(shares(cluster), [0, 100]);
    cluster.enable('g0-1');
    near(shares(cluster), [100, 0]);
  });

  it('serves while there is no quorum', () => {
    const quorums: boolean[] = [];
    const cluster = clusterOf([[10, 10, {}], sorry], { quorum: { weight: 5, hysteresis: 2 } });
    cluster.on('quorum', (hasQuorum) => quorums.push(hasQuorum));
    for (let i = 0; i < 7; i++) cluster.disable(`g0-${i}`);
    near(shares(cluster), [100, 0]);
    cluster.disable('g0-7');
    near(shares(cluster), [0, 100]);
    for (let i = 0; i < 4; i++) cluster.enable(`g0-${i}`);
    near(shares(cluster), [0, 100]);
    cluster.enable('g0-4');
    near(shares(cluster), [100, 0]);
    assert.deepEqual(quorums, [false, true]);
  });
});
