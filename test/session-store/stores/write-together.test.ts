import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { patchOf } from '../../conformance/session-store-model.ts';
import { plainRedisStore, REDIS_URL, testRedis } from '../fixtures/redis.ts';

const { createdAt: NOW } = patchOf();

/** Counts what the socket hands to the system from now on: the pieces of each call. */
function countWrites(socket: Socket): number[] {
  const sizes: number[] = [];
  for (const name of ['_write', '_writev']) {
    const write = Reflect.get(socket, name);
    Reflect.set(socket, name, (...parameters: unknown[]) => {
      const [chunks] = parameters;
      sizes.push(Array.isArray(chunks) ? chunks.length : 1);
      Reflect.apply(write, socket, parameters);
    });
  }
  return sizes;
}

describe(`commands to ${new URL(REDIS_URL).protocol}`, () => {
  const redis = testRedis();
  after(() => redis.close());

  it('leave in one system call if they were sent in one turn', async () => {
    const connection = redis.connect();
    await connection.ping();
    const store = plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 5_000 });
    // Redis knows the script from then on.
    await store.commit(newSessionId(), patchOf(), NOW);
    const writes = countWrites(connection.stream);
    const ids = Array.from({ length: 20 }, newSessionId);
    await Promise.all(ids.map((id) => store.commit(id, patchOf(), NOW)));
    assert.deepEqual(writes, [20]);
    writes.length = 0;
    await store.load(ids[0]!, NOW);
    assert.deepEqual(writes, [1]);
  });
});
