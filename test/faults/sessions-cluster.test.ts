import type { Cluster } from 'ioredis';
import { describeSessionStore } from '../conformance/session-store.ts';
import { clusterRig } from './sessions/cluster-rig.ts';
import { needsRedisServer } from './sessions/redis-process.ts';
import type { FailoverRig } from './sessions/rig.ts';
import { clientOf } from './sessions/variants.ts';
import { plainRedisStore } from '../session-store/fixtures/redis.ts';

// The servers are started here, with the program that would otherwise serve REDIS_URL.

describe('over a Redis Cluster', () => {
  let rig: FailoverRig | undefined;
  before(async function () {
    needsRedisServer(this);
    this.timeout(60_000);
    rig = await clusterRig(0);
  });
  after(() => rig?.[Symbol.asyncDispose]());

  let prefixes = 0;
  describeSessionStore('redisSessionStore', () => {
    const clients = [clientOf(rig!.place), clientOf(rig!.place)] as [Cluster, Cluster];
    const options = { prefix: `laws-${prefixes++}:`, deadlineMs: 5_000 };
    const [store, other] = clients.map((client) => plainRedisStore(client, options));
    return { store: store!, other: other!, close: () => clients.forEach((client) => client.disconnect()) };
  });
});
