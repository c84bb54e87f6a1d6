import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { type RedisSessionStore } from '@evenkeel/session-store';
import { Cluster } from 'ioredis';
import { redisKeys } from '../../../packages/session-store/src/stores/redis-keys.ts';
import { NOW, patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';
import { clusterRig } from '../../faults/sessions/cluster-rig.ts';
import { asked, type FailoverRig } from '../../faults/sessions/rig.ts';
import { plainRedisStore, REDIS_URL } from '../fixtures/redis.ts';

const update = patchOf({ mode: 'update', add: new Map([['n', 1]]) });

describe('redisSessionStore on a Cluster', () => {
  let rig: FailoverRig;
  let ports: readonly number[];
  let cluster: Cluster;
  before(async function () {
    this.timeout(60_000);
    assert.ok(REDIS_URL);
    rig = await clusterRig(0);
    ports = 'ports' in rig.place ? rig.place.ports : [];
    cluster = connect();
  });
  after(async () => {
    cluster.disconnect();
    await rig[Symbol.asyncDispose]();
  });

  function connect(): Cluster {
    const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
    const connection = new Cluster(nodes);
    connection.on('error', () => undefined);
    return connection;
  }

  const store = (prefix = `test-${randomUUID()}:`, acknowledge: 'primary' | 'replica' = 'primary'): RedisSessionStore =>
    plainRedisStore(cluster, { prefix, acknowledge, deadlineMs: 5_000 });

  for (const acknowledge of ['primary', 'replica'] as const) {
    describeSessionStore(`redisSessionStore on a Cluster with acknowledge: "${acknowledge}"`, () => {
      const prefix = `test-${randomUUID()}:`;
      return { store: store(prefix, acknowledge), other: store(prefix, acknowledge), close: () => undefined };
    });
  }

  it('waits for replicas of the node that has the session, also when that is another one than before', async () => {
    const prefix = `test-${randomUUID()}:`;
    const subject = store(prefix, 'replica');
    await subject.commit(newSessionId(), patchOf(), NOW);
    const id = newSessionId();
    const key = redisKeys(prefix).session(id);
    await moveSlotOf(key);
    await subject.commit(id, patchOf(), NOW);
    assert.equal((await subject.commit(id, update, NOW))?.version, 2);
    // A list of keys is what any node tells, whatever it has heard of slots.
    const holders = await Promise.all(ports.map((port) => asked(port, (node) => node.keys(key.replace(/[{}]/g, '?')))));
    assert.ok(holders.flat().length >= 2, 'a primary and a replica');
  });

  async function ownerOf(key: string): Promise<string> {
    const slot = await cluster.cluster('KEYSLOT', key);
    const nodes = String(await cluster.nodes('master')[0]!.cluster('NODES'));
    const owner = nodes.split('\n').find((line) => {
      const ranges = line
        .split(' ')
        .slice(8)
        .map((range) => range.split('-').map(Number));
      return ranges.some(([first = -1, last = first]) => slot >= first && slot <= last);
    });
    return owner!.split(' ')[0]!;
  }

  /** Gives a slot that is empty to another master, behind the client's back. */
  async function moveSlotOf(key: string): Promise<void> {
    const slot = await cluster.cluster('KEYSLOT', key);
    const masters = cluster.nodes('master');
    const owner = await ownerOf(key);
    const names = await Promise.all(masters.map((node) => node.cluster('MYID')));
    const next = names.find((name) => name !== owner)!;
    // The one that gets it first, so that there is always one that has it.
    const order = masters.toSorted((a, b) => rank(names[masters.indexOf(a)]) - rank(names[masters.indexOf(b)]));
    function rank(name: string | undefined): number {
      return name === next ? 0 : name === owner ? 1 : 2;
    }
    for (const node of order) await node.call('cluster', 'setslot', slot, 'node', next);
  }
});
