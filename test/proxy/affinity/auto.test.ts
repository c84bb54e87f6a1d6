import assert from 'node:assert/strict';
import { createCluster, hash32 } from '@evenkeel/core';
import type { Cluster, Endpoint } from '@evenkeel/core';
import { autoAffinity } from '../../../packages/proxy/src/affinity/auto.ts';
import type { AutoRules } from '../../../packages/proxy/src/affinity/auto.ts';
import { readBy, toldBy } from './reading.ts';

const COOKIE: AutoRules = {
  name: 'JSESSIONID',
  path: '/',
  domain: undefined,
  sameSite: 'lax',
  httpOnly: true,
  secure: 'auto',
  isStrict: false,
  maxLoadRatio: Infinity,
  hasPathParameter: false,
};
const GONE = 'abcdefghijkl';

function setUp(cookie = COOKIE) {
  const cluster: Cluster = createCluster({
    endpoints: ['http://a', 'http://b', { url: 'http://t', route: 'tomcat1' }, { url: 'http://u', route: 'tomcat2' }],
  });
  const [a, b, tomcat, tomcat2] = cluster.endpoints as [Endpoint, Endpoint, Endpoint, Endpoint];
  return { affinity: autoAffinity(cluster, cookie), a, b, tomcat, tomcat2 };
}

/** A cluster whose routes were all derived. */
function unnamed() {
  const cluster = createCluster({ endpoints: ['http://a', 'http://b'] });
  return { affinity: autoAffinity(cluster, COOKIE), a: cluster.endpoints[0]!, b: cluster.endpoints[1]! };
}

describe('affinity `auto`, on the way in', () => {
  it('finds the route and takes it off', () => {
    const { affinity, a } = setUp();
    const { stickiness, sent } = readBy(affinity, `x=1; JSESSIONID=abc.${a.route}; y=2`);
    assert.deepEqual(sent, ['x=1; JSESSIONID=abc; y=2']);
    assert.equal(stickiness.preferred, a.route);
    assert.equal(stickiness.key, hash32('abc'));
  });

  it('leaves a route on that the user named, because the endpoint knows it', () => {
    const { affinity } = setUp();
    const { stickiness, sent } = readBy(affinity, 'JSESSIONID=ABC.tomcat1');
    assert.deepEqual(sent, ['JSESSIONID=ABC.tomcat1']);
    assert.equal(stickiness.preferred, 'tomcat1');
    assert.equal(stickiness.token, 'ABC');
  });

  it('takes the first of several cookies with a route of this cluster', () => {
    const { affinity, b } = setUp();
    const cookies = [`JSESSIONID=one; JSESSIONID=two.${GONE}`, `JSESSIONID=three.${b.route}; JSESSIONID=four.tomcat1`];
    const { stickiness, sent } = readBy(affinity, ...cookies);
    assert.deepEqual(sent, ['JSESSIONID=one; JSESSIONID=two', 'JSESSIONID=three; JSESSIONID=four.tomcat1']);
    assert.equal(stickiness.preferred, b.route);
    assert.equal(stickiness.token, 'three');
  });

  it('keeps the key of a session whose endpoint is gone, so that all find the same successor', () => {
    const { affinity } = unnamed();
    const { stickiness, sent } = readBy(affinity, `JSESSIONID=abc.${GONE}`);
    assert.deepEqual(sent, ['JSESSIONID=abc']);
    assert.equal(stickiness.preferred, GONE);
    assert.equal(stickiness.key, hash32('abc'));
  });

  it('leaves a dot alone that belongs to the application', () => {
    const { affinity, a } = unnamed();
    const signed = 's%3Aabc.OzR9Lx0Vtc2pQm1GJk3hZbW8yYdE4uNfXa5iTgKqPwS';
    assert.deepEqual(readBy(affinity, `JSESSIONID=${signed}`).sent, [`JSESSIONID=${signed}`]);
    assert.equal(readBy(affinity, `JSESSIONID=${signed}`).stickiness.preferred, undefined);
    assert.deepEqual(readBy(affinity, `JSESSIONID=${signed}.${a.route}`).sent, [`JSESSIONID=${signed}`]);
  });

  it('is not misled by names and values that look alike', () => {
    const { affinity, a } = setUp();
    const route = a.route;
    const others = [
      `XJSESSIONID=a.${route}`,
      `JSESSIONIDX=a.${route}`,
      `x=JSESSIONID=a.${route}`,
      `jsessionid=a.${route}`,
    ];
    for (const cookie of [...others, 'JSESSIONID', 'JSESSIONID=', ';;=;']) {
      const { stickiness, sent } = readBy(affinity, cookie);
      assert.deepEqual(sent, [cookie]);
      assert.equal(stickiness.preferred, undefined);
    }
  });

  it('reads quoted and oddly spaced cookies', () => {
    const { affinity, a } = setUp();
    assert.deepEqual(readBy(affinity, `a=b;JSESSIONID="abc.${a.route}" ;c=d`).sent, ['a=b;JSESSIONID="abc" ;c=d']);
    assert.deepEqual(readBy(affinity, `a=b;\t JSESSIONID=abc.${a.route}  `).sent, ['a=b;\t JSESSIONID=abc  ']);
  });
});

describe('affinity `auto`, on the way out', () => {
  it("puts the route behind the endpoint's own cookie and touches nothing else", () => {
    const { affinity, a } = setUp();
    assert.deepEqual(toldBy(affinity, '', a, 'x=1', 'JSESSIONID=abc; Path=/app; Max-Age=60', 'JSESSIONIDX=1'), [
      ...['x=1', `JSESSIONID=abc.${a.route}; Path=/app; Max-Age=60`, 'JSESSIONIDX=1', 'private'],
    ]);
    assert.equal(toldBy(affinity, '', a, 'JSESSIONID="a.b"')[0], `JSESSIONID="a.b.${a.route}"`);
  });

  it('leaves a cookie alone that carries the route already', () => {
    const { affinity, tomcat } = setUp();
    assert.equal(toldBy(affinity, '', tomcat, 'JSESSIONID=ABC.tomcat1')[0], 'JSESSIONID=ABC.tomcat1');
  });

  it('makes a cookie if neither side has one', () => {
    const { affinity, a } = setUp();
    const [cookie] = toldBy(affinity, '', a);
    assert.match(cookie!, new RegExp(`^JSESSIONID=[0-9A-F]{32}\\.${a.route}; Path=/; HttpOnly; SameSite=Lax$`));
  });

  it('says nothing to a client that is where it belongs', () => {
    const { affinity, a, tomcat } = setUp();
    assert.deepEqual(toldBy(affinity, `JSESSIONID=abc.${a.route}`, a, 'x=1'), ['x=1']);
    assert.deepEqual(toldBy(affinity, 'JSESSIONID=abc.tomcat1', tomcat), []);
  });

  it('tells a client that has moved where its session is now', () => {
    const { affinity, a, b } = unnamed();
    for (const cookie of [`JSESSIONID=abc.${a.route}`, `JSESSIONID=abc.${GONE}`, 'JSESSIONID=abc']) {
      assert.equal(toldBy(affinity, cookie, b)[0], `JSESSIONID=abc.${b.route}; Path=/; HttpOnly; SameSite=Lax`);
    }
  });

  it("never changes a session's value in the eyes of its endpoint", () => {
    const { affinity, a, tomcat } = setUp();
    // Tomcat's own ids have its route in them, and only Tomcat may give a session another one.
    for (const cookie of ['JSESSIONID=A.tomcat2', 'JSESSIONID=A.gone', `JSESSIONID=A.${a.route}`, 'JSESSIONID=A']) {
      assert.deepEqual(toldBy(affinity, cookie, tomcat), []);
    }
    const [moved] = toldBy(affinity, 'JSESSIONID=A.tomcat1', a);
    assert.equal(moved!.split(';')[0], `JSESSIONID=A.tomcat1.${a.route}`);
    assert.deepEqual(readBy(affinity, moved!.split(';')[0]!).sent, ['JSESSIONID=A.tomcat1']);
    assert.match(toldBy(affinity, '', tomcat)[0]!, /^JSESSIONID=[0-9A-F]{32}\.tomcat1;/);
  });

  it('leaves the deletion of the cookie alone', () => {
    const { affinity, a } = setUp();
    const expired = 'JSESSIONID=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT';
    for (const deletion of ['JSESSIONID=; Path=/', 'JSESSIONID=x; Max-Age=0', 'JSESSIONID=x; max-age=-1', expired]) {
      assert.deepEqual(toldBy(affinity, `JSESSIONID=abc.${a.route}`, a, deletion), [deletion, 'private']);
    }
  });

  it("replaces an echo of the old route, and keeps a known route that is the application's own wish", () => {
    const { affinity, tomcat } = setUp();
    assert.equal(toldBy(affinity, 'JSESSIONID=A.tomcat2', tomcat, 'JSESSIONID=A.tomcat2')[0], 'JSESSIONID=A.tomcat1');
    assert.equal(toldBy(affinity, 'JSESSIONID=A.tomcat1', tomcat, 'JSESSIONID=A.tomcat2')[0], 'JSESSIONID=A.tomcat2');
  });

  it('adds Cache-Control: private only with a cookie, and only if there is none', () => {
    const { affinity, a } = setUp();
    const fields = ['Cache-Control', 'max-age=9'];
    affinity.writeResponse(fields, { ...readBy(affinity).stickiness, hasCacheControl: true }, a);
    assert.deepEqual(fields.slice(0, 3), ['Cache-Control', 'max-age=9', 'Set-Cookie']);
    assert.equal(fields.length, 4);
  });

  it('marks the cookie Secure where the client side is TLS, or always, or never', () => {
    for (const [secure, isSecure, expected] of [
      ['auto', true, true],
      ['auto', false, false],
      [true, false, true],
      [false, true, false],
    ] as const) {
      const { affinity, a } = setUp({ ...COOKIE, secure });
      const fields: string[] = [];
      affinity.writeResponse(fields, { ...readBy(affinity).stickiness, isSecure }, a);
      assert.equal(/; Secure/.test(fields[1]!), expected);
    }
  });
});
