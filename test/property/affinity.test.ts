import assert from 'node:assert/strict';
import { createCluster, hash32, ROUTE_OF_KEY } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import fc from 'fast-check';
import type { Affinity } from '../../packages/proxy/src/affinity/affinity.ts';
import { autoAffinity } from '../../packages/proxy/src/affinity/auto.ts';
import { hashAffinity, sessionKey } from '../../packages/proxy/src/affinity/hash.ts';
import { insertAffinity } from '../../packages/proxy/src/affinity/insert.ts';
import { sourceIpAffinity } from '../../packages/proxy/src/affinity/source-ip.ts';
import { readFields } from '../proxy/affinity/reading.ts';

const COMMON = { isStrict: false, maxLoadRatio: Infinity };
const LOOK = { path: '/', domain: undefined, sameSite: 'lax', httpOnly: true, secure: 'auto' } as const;
const ENDPOINTS = ['http://a', { url: 'http://t', route: 'tomcat1' }, 'http://b'];

function affinities(cluster: Cluster): Affinity[] {
  return [
    autoAffinity(cluster, { ...COMMON, ...LOOK, name: 'JSESSIONID', hasPathParameter: true }),
    insertAffinity(cluster, { ...COMMON, ...LOOK, name: 'JSESSIONID', sessionCookie: 'SID' }),
    hashAffinity({ ...COMMON, key: sessionKey() }),
    sourceIpAffinity({ ...COMMON, idleMs: 60_000, maxEntries: 10, prefixes: { ipv4: 32, ipv6: 64 } }),
  ];
}

const cluster = createCluster({ endpoints: ENDPOINTS });
const routes = [...cluster.endpoints.map(({ route }) => route), 'abcdefghijkl'];

/** Pieces that matter, in any order, and any latin1 in between. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'JSESSIONID',
        'JSESSIONID=',
        ';jsessionid=',
        'SID=',
        '=',
        ';',
        '; ',
        '.',
        '"',
        '/',
        '?',
        '%',
        ' ',
        '\t',
        ',',
        ...routes,
      ),
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 6 }),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

describe('affinity', () => {
  it('takes any bytes in cookies, paths and addresses, and answers to any of an endpoint', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.oneof(bytes, fc.ipV4(), fc.ipV6()), (cookie, path, setCookie, address) => {
        for (const affinity of affinities(cluster)) {
          const { stickiness } = readFields(affinity, ['Cookie', cookie, 'X', 'y', 'cookie', cookie], {
            path: `/${path}`,
            address,
          });
          assert.ok(Number.isInteger(stickiness.key));
          const fields = ['Set-Cookie', setCookie, 'X', 'y'];
          affinity.writeResponse(fields, stickiness, cluster.endpoints[0]!);
          assert.equal(fields.length % 2, 0);
          assert.ok(fields.join('').includes('Xy'));
        }
      }),
    );
  });

  it('passes all other cookies byte for byte, in their order', () => {
    // A cookie of the name begins at the start or behind a semicolon and spaces; everything else is somebody else's.
    const isOurs = (pair: string): boolean => /^[ \t]*JSESSIONID=/.test(pair);
    const othersIn = (field: string): string[] => field.split(';').filter((pair) => !isOurs(pair));
    fc.assert(
      fc.property(bytes, (cookie) => {
        const all = affinities(cluster);
        const [, hiding] = all;
        for (const affinity of all) {
          const { sent } = readFields(affinity, ['Cookie', cookie]);
          if (affinity === hiding) assert.ok(!sent.join(';').split(';').some(isOurs));
          const expected = othersIn(cookie);
          const got = othersIn(sent[0] ?? '');
          // Spaces at the start go with the cookie that stood there.
          if (isOurs(cookie) && expected.length > 0 && !isOurs(sent[0] ?? ''))
            expected[0] = expected[0]!.replace(/^[ \t]+/, '');
          assert.deepEqual(sent.length === 0 ? [] : got, sent.length === 0 && expected.join('') === '' ? [] : expected);
        }
      }),
    );
  });

  it('never changes a session in the eyes of its endpoint by a cookie that it issues anew', () => {
    const values = bytes.map((text) => text.replaceAll(/[;\s"]|^$/g, 'x'));
    fc.assert(
      fc.property(values, fc.constantFrom(...cluster.endpoints), (value, endpoint) => {
        const [auto] = affinities(cluster);
        const { stickiness, sent } = readFields(auto!, ['Cookie', `JSESSIONID=${value}`]);
        const fields: string[] = [];
        auto!.writeResponse(fields, stickiness, endpoint);
        if (fields.length === 0) return;
        const again = readFields(auto!, ['Cookie', fields[1]!.split(';')[0]!]);
        assert.deepEqual(again.sent, sent);
        assert.equal(again.stickiness.preferred, endpoint.route);
      }),
    );
  });

  it('gives the path back but for routes of its own behind `;jsessionid=`', () => {
    fc.assert(
      fc.property(bytes, (text) => {
        const path = `/${text}`;
        const read = readFields(affinities(cluster)[0]!, [], { path }).stickiness.path;
        const query = path.includes('?') ? path.indexOf('?') : path.length;
        const cleaned = path.slice(0, query).replaceAll(/(;jsessionid=[^;/]+)\.[0-9a-z]{8,14}(?=[;/]|$)/g, '$1');
        assert.equal(read, cleaned + path.slice(query));
      }),
    );
  });
});

describe('the place of a session', () => {
  const names = (count: number, weights: readonly number[]) =>
    Array.from({ length: count }, (_, i) => ({ id: `e${i}`, url: `http://10.0.0.${i}`, weight: weights[i]! }));
  const members = fc
    .array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 8 })
    .map((weights) => names(weights.length, weights));
  const pickOf = (of: Cluster, key: number, preferred: string, now = 0): string =>
    of.pick({ now, key, preferred, attempt: 0, tried: undefined })!.id;

  it('is the same for all balancers, by its key and as a successor, in whatever order they know the members', () => {
    fc.assert(
      fc.property(members, fc.array(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { maxLength: 20 }), (endpoints, keys) => {
        const [one, two] = [createCluster({ endpoints }), createCluster({ endpoints: endpoints.toReversed() })];
        for (const key of keys) {
          assert.equal(pickOf(one, key, ROUTE_OF_KEY), pickOf(two, key, ROUTE_OF_KEY));
          assert.equal(pickOf(one, key, 'gone'), pickOf(two, key, 'gone'));
        }
      }),
    );
  });

  it('is the same for balancers of which one has just learned of a member that the other has known for long', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (endpoints, key) => {
        const [old, fresh] = [createCluster({ endpoints }), createCluster({ endpoints: endpoints.slice(1) })];
        fresh.update(endpoints);
        assert.equal(pickOf(old, key, 'gone', 1), pickOf(fresh, key, 'gone', 1));
      }),
    );
  });

  it('moves only if its member goes, to the same one whether that is ill or removed, and comes back', () => {
    fc.assert(
      fc.property(members, fc.nat(), fc.integer({ min: 1, max: 2 ** 32 - 1 }), (endpoints, which, key) => {
        const all = createCluster({ endpoints, panicPercent: 0 });
        const before = pickOf(all, key, ROUTE_OF_KEY);
        const lost = endpoints[which % endpoints.length]!.id;
        all.disable(lost);
        const ill = pickOf(all, key, ROUTE_OF_KEY);
        if (before !== lost) assert.equal(ill, before);
        all.update(endpoints.filter(({ id }) => id !== lost));
        assert.equal(pickOf(all, key, ROUTE_OF_KEY), ill);
        all.update(endpoints);
        assert.equal(pickOf(all, key, ROUTE_OF_KEY), before);
      }),
    );
  });

  it('is spread by the weights', () => {
    const weighed = createCluster({ endpoints: names(3, [1, 2, 5]) });
    const counts = [0, 0, 0];
    for (let i = 0; i < 8_000; i++) counts[Number(pickOf(weighed, hash32(`s${i}`), ROUTE_OF_KEY).slice(1))]!++;
    [1_000, 2_000, 5_000].forEach((expected, i) => assert.ok(Math.abs(counts[i]! - expected) < 150, `${counts}`));
  });
});
