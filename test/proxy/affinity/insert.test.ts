import assert from 'node:assert/strict';
import { createCluster, hash32 } from '@evenkeel/core';
import { insertAffinity } from '../../../packages/proxy/src/affinity/insert.ts';
import type { InsertRules } from '../../../packages/proxy/src/affinity/insert.ts';
import { readBy, readFields, toldBy } from './reading.ts';

const RULES: InsertRules = {
  ...{ name: 'EVENKEEL_ROUTE', path: '/', domain: undefined, sameSite: 'lax', httpOnly: true, secure: 'auto' },
  ...{ isStrict: false, maxLoadRatio: Infinity, sessionCookie: 'JSESSIONID' },
};

function setUp(rules: Partial<InsertRules> = {}) {
  const cluster = createCluster({
    endpoints: [
      { url: 'http://a', route: 'a1' },
      { url: 'http://b', route: 'b1' },
    ],
  });
  return {
    affinity: insertAffinity(cluster, { ...RULES, ...rules }),
    a: cluster.endpoints[0]!,
    b: cluster.endpoints[1]!,
  };
}

describe('affinity `insert`, on the way in', () => {
  it('reads the route and hides its cookie from the endpoint, with one separator', () => {
    const cases: [string, string[]][] = [
      ['EVENKEEL_ROUTE=a1', []],
      [' EVENKEEL_ROUTE="a1" ', []],
      ['x=1; EVENKEEL_ROUTE=a1', ['x=1']],
      ['EVENKEEL_ROUTE=a1; x=1', ['x=1']],
      ['x=1;  EVENKEEL_ROUTE=a1 ;y="2"', ['x=1;y="2"']],
      ['x=1; EVENKEEL_ROUTE=a1; EVENKEEL_ROUTE=b1; y=2;', ['x=1; y=2;']],
    ];
    for (const [cookie, expected] of cases) {
      const { stickiness, sent } = readBy(setUp().affinity, cookie);
      assert.deepEqual(sent, expected, cookie);
      assert.equal(stickiness.preferred, 'a1');
    }
  });

  it('leaves all other fields and cookies as they are', () => {
    const fields = [
      'A',
      '1',
      'cookie',
      'EVENKEEL_ROUTE=b1',
      'B',
      'EVENKEEL_ROUTE=a1',
      'Cookie',
      'XEVENKEEL_ROUTE=a1; ;',
      'Cookie',
      '',
    ];
    const { stickiness } = readFields(setUp().affinity, fields);
    assert.deepEqual(fields, ['A', '1', 'B', 'EVENKEEL_ROUTE=a1', 'Cookie', 'XEVENKEEL_ROUTE=a1; ;', 'Cookie', '']);
    assert.equal(stickiness.preferred, 'b1');
  });

  it('takes the first of several with a route of this cluster, in whatever field', () => {
    const { affinity } = setUp();
    assert.equal(
      readBy(affinity, 'EVENKEEL_ROUTE=gone; EVENKEEL_ROUTE=b1', 'EVENKEEL_ROUTE=a1').stickiness.preferred,
      'b1',
    );
    assert.equal(readBy(affinity, 'EVENKEEL_ROUTE=gone; EVENKEEL_ROUTE=gone2').stickiness.preferred, 'gone');
  });

  it('takes nothing for a route that cannot be one, and hides it all the same', () => {
    for (const value of ['', 'a.b', 'a/b', 'x'.repeat(65), '\xff', '%00']) {
      const { stickiness, sent } = readBy(setUp().affinity, `EVENKEEL_ROUTE=${value}; x=1`);
      assert.equal(stickiness.preferred, undefined);
      assert.deepEqual(sent, ['x=1']);
    }
  });

  it("keys a session by the application's cookie, without a container's route; else by address; else by route", () => {
    const { affinity } = setUp({ sessionCookie: 'SID' });
    const keyOf = (cookie: string, address?: string): number =>
      readFields(affinity, ['Cookie', cookie], { address }).stickiness.key;
    assert.equal(keyOf('SID=; SID=abc.tomcat1; EVENKEEL_ROUTE=gone', '10.0.0.1'), hash32('abc'));
    assert.equal(keyOf('EVENKEEL_ROUTE=gone', '10.0.0.1'), hash32('10.0.0.1'));
    assert.equal(keyOf('EVENKEEL_ROUTE=gone'), hash32('gone'));
    assert.equal(keyOf('SID=abc'), 0);
  });

  it('is strict only about a session that has a place', () => {
    const { affinity } = setUp({ isStrict: true });
    assert.equal(readBy(affinity, 'EVENKEEL_ROUTE=gone').stickiness.isStrict, true);
    assert.equal(readBy(affinity, 'x=1').stickiness.isStrict, false);
  });
});

describe('affinity `insert`, on the way out', () => {
  it('tells the route to a client that has none, an unknown one, or another one, and keeps that response private', () => {
    const { affinity, b } = setUp();
    for (const cookie of ['', 'EVENKEEL_ROUTE=gone', 'EVENKEEL_ROUTE=a1']) {
      assert.deepEqual(toldBy(affinity, cookie, b, 'x=1'), [
        'x=1',
        'EVENKEEL_ROUTE=b1; Path=/; HttpOnly; SameSite=Lax',
        'private',
      ]);
    }
  });

  it('says nothing to a client that is where it belongs, or only on a detour', () => {
    const { affinity, a, b } = setUp();
    assert.deepEqual(toldBy(affinity, 'EVENKEEL_ROUTE=a1', a, 'JSESSIONID=abc'), ['JSESSIONID=abc']);
    const fields: string[] = [];
    affinity.writeResponse(fields, { ...readBy(affinity, 'EVENKEEL_ROUTE=a1').stickiness, isDetour: true }, b);
    assert.deepEqual(fields, []);
  });

  it("drops an endpoint's cookies of that name", () => {
    const { affinity, a } = setUp();
    const told = toldBy(
      affinity,
      'EVENKEEL_ROUTE=a1',
      a,
      'EVENKEEL_ROUTE=x',
      'y=EVENKEEL_ROUTE=x',
      ' EVENKEEL_ROUTE=; Max-Age=0',
    );
    assert.deepEqual(told, ['y=EVENKEEL_ROUTE=x']);
  });
});
