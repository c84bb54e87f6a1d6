import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import { IdleTable } from '../../../packages/proxy/src/affinity/idle-table.ts';
import { sourceIpAffinity } from '../../../packages/proxy/src/affinity/source-ip.ts';
import type { SourceIpRules } from '../../../packages/proxy/src/affinity/source-ip.ts';
import { readFields } from './reading.ts';

const RULES: SourceIpRules = {
  ...{ isStrict: false, maxLoadRatio: Infinity, idleMs: 60_000, maxEntries: 3 },
  prefixes: { ipv4: 24, ipv6: 64 },
};

function setUp(rules: Partial<SourceIpRules> = {}) {
  const cluster = createCluster({
    endpoints: [
      { url: 'http://a', route: 'a1' },
      { url: 'http://b', route: 'b1' },
    ],
  });
  const [a, b] = cluster.endpoints as [(typeof cluster.endpoints)[0], (typeof cluster.endpoints)[0]];
  const time = { now: 0 };
  const affinity = sourceIpAffinity({ ...RULES, ...rules }, () => time.now);
  const ask = (address: string | undefined) => readFields(affinity, ['Cookie', 'x=1'], { address }).stickiness;
  return { affinity, a, b, time, ask };
}

describe('affinity `sourceIp`', () => {
  it('remembers where a network went, and nothing of what cannot have been a client', () => {
    const { affinity, a, ask } = setUp();
    const first = ask('10.0.0.1');
    assert.equal(first.preferred, undefined);
    const fields: string[] = [];
    affinity.writeResponse(fields, first, a);
    assert.deepEqual(fields, []);
    assert.equal(ask('10.0.0.200').preferred, 'a1');
    assert.equal(ask('::ffff:10.0.0.3').preferred, 'a1');
    assert.equal(ask('10.0.1.1').preferred, undefined);
    affinity.writeResponse(fields, ask('2001:db8::1'), a);
    assert.equal(ask('2001:0db8:0:0:ffff::').preferred, 'a1');
    assert.equal(ask(undefined).key, 0);
    affinity.writeResponse(fields, ask(undefined), a);
  });

  it('forgets a client that was quiet for `idleMs`, and not one that was answered meanwhile', () => {
    const { affinity, a, time, ask } = setUp();
    affinity.writeResponse([], ask('10.0.0.1'), a);
    time.now = 59_999;
    affinity.writeResponse([], ask('10.0.0.1'), a);
    time.now = 119_998;
    assert.equal(ask('10.0.0.1').preferred, 'a1');
    time.now = 119_999;
    assert.equal(ask('10.0.0.1').preferred, undefined);
  });

  it('lets the first answer of several first requests decide', () => {
    const { affinity, a, b, ask } = setUp();
    const [one, two] = [ask('10.0.0.1'), ask('10.0.0.1')];
    affinity.writeResponse([], one, b);
    affinity.writeResponse([], two, a);
    assert.equal(ask('10.0.0.1').preferred, 'b1');
  });

  it('moves with the session, and neither by a detour nor by a request that was sent before the move', () => {
    const { affinity, a, b, ask } = setUp();
    affinity.writeResponse([], ask('10.0.0.1'), a);
    affinity.writeResponse([], { ...ask('10.0.0.1'), isDetour: true }, b);
    assert.equal(ask('10.0.0.1').preferred, 'a1');
    const late = ask('10.0.0.1');
    affinity.writeResponse([], ask('10.0.0.1'), b);
    affinity.writeResponse([], late, a);
    assert.equal(ask('10.0.0.1').preferred, 'b1');
  });

  it('is strict only about a client that has a place', () => {
    const { affinity, a, ask } = setUp({ isStrict: true });
    assert.equal(ask('10.0.0.1').isStrict, false);
    affinity.writeResponse([], ask('10.0.0.1'), a);
    assert.equal(ask('10.0.0.1').isStrict, true);
  });
});

describe('IdleTable', () => {
  it('drops what was not used for the longest time where there is too much', () => {
    const table = new IdleTable({ idleMs: 100, maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'a', 'd']) table.set(key, key, 0);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => table.get(key, 0)),
      ['a', undefined, 'c', 'd'],
    );
    assert.equal(table.size, 3);
  });

  it('takes reading for no use', () => {
    const table = new IdleTable({ idleMs: 100, maxEntries: 3 });
    table.set('a', 'x', 0);
    assert.equal(table.get('a', 99), 'x');
    assert.equal(table.get('a', 100), undefined);
  });

  it('shrinks again after a rush', () => {
    const table = new IdleTable({ idleMs: 100, maxEntries: 1_000 });
    for (let i = 0; i < 1_000; i++) table.set(`${i}`, 'x', 0);
    for (let i = 0; i < 500; i++) table.set('again', 'x', 100 + i);
    assert.equal(table.size, 1);
  });
});
