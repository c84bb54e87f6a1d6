import assert from 'node:assert/strict';
import { createCluster, hash32 } from '@evenkeel/core';
import { autoAffinity } from '../../../packages/proxy/src/affinity/auto.ts';
import type { AutoRules } from '../../../packages/proxy/src/affinity/auto.ts';
import { readFields } from './reading.ts';
import type { Reading } from './reading.ts';

const RULES: AutoRules = {
  ...{ name: 'JSESSIONID', path: '/', domain: undefined, sameSite: 'lax', httpOnly: true, secure: 'auto' },
  ...{ isStrict: false, maxLoadRatio: Infinity, hasPathParameter: true },
};

function setUp(rules: Partial<AutoRules> = {}) {
  const cluster = createCluster({ endpoints: ['http://a', { url: 'http://t', route: 'tomcat1' }, 'http://b'] });
  const affinity = autoAffinity(cluster, { ...RULES, ...rules });
  const read = (path: string, cookie?: string): Reading['stickiness'] =>
    readFields(affinity, cookie === undefined ? [] : ['Cookie', cookie], { path, hasSetCookie: false }).stickiness;
  return { affinity, read, a: cluster.endpoints[0]!, tomcat: cluster.endpoints[1]!, b: cluster.endpoints[2]! };
}

describe('affinity `auto` with a session in the path', () => {
  it('sticks to its route, in whatever segment it stands', () => {
    const { read } = setUp();
    for (const path of [
      '/;jsessionid=ABC.tomcat1',
      '/a;x=1;jsessionid=ABC.tomcat1;y/b?c;jsessionid=D.tomcat9',
      '/a/b;jsessionid=ABC.tomcat1?d',
    ]) {
      const { preferred, token, key, path: sent } = read(path);
      assert.deepEqual([preferred, token, key, sent], ['tomcat1', 'ABC', hash32('ABC'), path]);
    }
  });

  it('takes a derived route off, and nothing else', () => {
    const { read, a } = setUp();
    const { path, preferred } = read(
      `/%3Bx/;jsessionid=A%2e.${a.route};y=/../${a.route}//;jsessionid=?z=;jsessionid=q.${a.route}`,
    );
    assert.equal(path, `/%3Bx/;jsessionid=A%2e;y=/../${a.route}//;jsessionid=?z=;jsessionid=q.${a.route}`);
    assert.equal(preferred, a.route);
  });

  it('leaves what only looks like it alone', () => {
    const { read, a } = setUp();
    const others = [
      '/jsessionid=x',
      '/;JSESSIONID=x',
      '/;xjsessionid=x',
      '/%3bjsessionid=x',
      '/;jsessionid%3Dx',
      '/?;jsessionid=x',
      '/;jsessionid=',
    ];
    for (const other of others) {
      const path = other.endsWith('x') ? `${other}.${a.route}` : other;
      const read1 = read(path);
      assert.deepEqual([read1.path, read1.preferred, read1.isFromPath], [path, undefined, false]);
    }
  });

  it('is read only if it is asked for', () => {
    const { read, a } = setUp({ hasPathParameter: false });
    const path = `/;jsessionid=A.${a.route}`;
    assert.equal(read(path).path, path);
    assert.equal(read(path).preferred, undefined);
  });

  it('comes after the cookie, and is cleaned all the same', () => {
    const { read, a } = setUp();
    const { path, preferred, isFromPath } = read(`/;jsessionid=A.${a.route}`, 'JSESSIONID=B.tomcat1');
    assert.deepEqual([path, preferred, isFromPath], ['/;jsessionid=A', 'tomcat1', false]);
    assert.equal(read(`/;jsessionid=A.${a.route}`, 'JSESSIONID=B').preferred, undefined);
  });

  it('takes the first of several with a route of this cluster', () => {
    const { read } = setUp();
    assert.equal(read('/;jsessionid=A.gone/;jsessionid=B.tomcat1/;jsessionid=C.tomcat1').token, 'B');
  });

  it('has the name of the cookie, but in small letters where that is JSESSIONID', () => {
    const { read } = setUp({ name: 'Sid' });
    assert.equal(read('/;Sid=A.tomcat1').preferred, 'tomcat1');
    assert.equal(read('/;sid=A.tomcat1').preferred, undefined);
  });

  it('never becomes a cookie, so that a link cannot choose a session for whoever follows it', () => {
    const { affinity, read, b } = setUp();
    for (const path of ['/;jsessionid=A.tomcat1', '/;jsessionid=A.abcdefghijkl', '/;jsessionid=A']) {
      const fields: string[] = [];
      affinity.writeResponse(fields, read(path), b);
      assert.deepEqual(fields, []);
    }
  });

  it("lets the endpoint's own cookie through, with its route", () => {
    const { affinity, read, b } = setUp();
    const fields = ['Set-Cookie', 'JSESSIONID=new'];
    affinity.writeResponse(fields, { ...read('/;jsessionid=A.tomcat1'), hasSetCookie: true }, b);
    assert.equal(fields[1], `JSESSIONID=new.${b.route}`);
  });
});
