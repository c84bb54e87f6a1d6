import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import type { Clock, Resolver } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { closing } from '../../closing.ts';
import { discovered, settle } from '../discovery/scripted.ts';
import type { EndpointSet } from '../discovery/scripted.ts';

describe('a cluster whose endpoints come from a resolver', () => {
  it('is ready with the first set, and one with a list at once', async () => {
    const { resolver, cluster, clock, ids } = discovered();
    let isReady = false;
    const ready = cluster.ready().then(() => (isReady = true));
    await settle();
    assert.equal(isReady, false);
    assert.deepEqual(ids(), []);
    await resolver.say(['http://a', { id: 'b', url: 'http://b' }]);
    await ready;
    assert.deepEqual(ids(), ['http://a', 'b']);
    await cluster.ready();
    clock.advance(1_000);
    assert.equal(clock.pending, 0);
    await closing(createCluster({ endpoints: ['http://a'] })).ready();
  });

  it('takes a second set at once only after a second of quiet, and of many the last', async () => {
    const { resolver, clock, counts, ids } = discovered();
    await resolver.say(['http://a']);
    await resolver.say(['http://a', 'http://b']);
    await resolver.say(['http://a', 'http://b', 'http://c']);
    clock.advance(999);
    assert.deepEqual(ids(), ['http://a']);
    clock.advance(1);
    assert.deepEqual(ids(), ['http://a', 'http://b', 'http://c']);
    clock.advance(1_000);
    await resolver.say(['http://c']);
    assert.deepEqual(ids(), ['http://c']);
    assert.deepEqual(counts, [1, 2, 3, 1]);
  });

  it('changes nothing when a set says the same in another order', async () => {
    const { resolver, cluster, clock, counts, ids } = discovered();
    const [a, b] = [{ url: 'http://a', tags: { x: '1', y: '2' } }, { url: 'http://b' }];
    await resolver.say([a, b]);
    const before = [...cluster.endpoints];
    clock.advance(1_000);
    await resolver.say([b, { url: 'http://a', tags: { y: '2', x: '1' } }]);
    assert.deepEqual(ids(), ['http://a', 'http://b']);
    assert.equal(clock.pending, 0, 'no window is open, since nothing was changed');
    await resolver.say([b, { ...a, zone: 'z' }]);
    assert.equal(cluster.endpoints[1], before[0], 'it is still the same endpoint');
    assert.equal(before[0]!.zone, 'z');
    assert.deepEqual(counts, [2, 2, 2]);
  });

  it('refuses a set that is wrong or empty, tells why, and goes on', async () => {
    const { resolver, clock, failures, counts, ids } = discovered();
    await resolver.say(['http://a']);
    clock.advance(1_000);
    await resolver.say([]);
    await resolver.say(['http://a', 'ftp://b']);
    await resolver.say('http://a' as never);
    assert.deepEqual(ids(), ['http://a']);
    assert.match(failures[0]!, /^resolver scripted: `endpoints` must be at least one endpoint, got an empty array$/);
    assert.match(failures[1]!, /^resolver scripted: `endpoints\[1\]\.url` must be an origin .*, got "ftp:\/\/b"$/);
    assert.match(failures[2]!, /^resolver scripted: `endpoints` must be an array of endpoints, got "http:\/\/a"$/);
    assert.deepEqual(counts, [1]);
    await resolver.say(['http://b']);
    assert.deepEqual(ids(), ['http://b']);
    assert.deepEqual(resolver.starts, [0]);
  });

  it('starts a resolver that throws again, later each time up to 30 s, and keeps what it said', async () => {
    const { resolver, clock, failures, ids } = discovered();
    await resolver.say(['http://a']);
    clock.advance(1_000);
    const pauses: number[] = [];
    for (let i = 0; i < 200; i++) {
      await resolver.say(new Error(`no ${i}`));
      const from = clock.now();
      for (let ms = 0; resolver.starts.length === i + 1; ms += 100) {
        clock.advance(100);
        await settle();
      }
      pauses.push(resolver.starts.at(-1)! - from);
    }
    [2_000, 4_000, 8_000, 16_000].forEach((ceiling, i) => assert.ok(pauses[i]! >= 1_000 && pauses[i]! <= ceiling));
    const later = pauses.slice(4);
    assert.ok(Math.min(...later) >= 1_000 && Math.min(...later) < 3_000, `${Math.min(...later)}`);
    assert.ok(Math.max(...later) <= 30_000 && Math.max(...later) > 28_000, `${Math.max(...later)}`);
    assert.deepEqual(ids(), ['http://a']);
    assert.equal(failures.length, 200);
    assert.equal(failures[199], 'no 199');

    await resolver.say(['http://b']);
    assert.deepEqual(ids(), ['http://b']);
    await resolver.say(new Error('again'));
    clock.advance(2_000);
    await settle();
    assert.equal(resolver.starts.length, 202, 'a good set makes up for what was before');
  });

  it('takes a resolver that ends at its word, but not one that never said a thing', async () => {
    const { resolver, clock, failures, ids } = discovered();
    await resolver.say('end');
    assert.deepEqual(failures, ['resolver scripted: it ended without a set']);
    clock.advance(2_000);
    await settle();
    assert.equal(resolver.starts.length, 2);
    await resolver.say(['http://a']);
    await resolver.say('end');
    clock.advance(100_000);
    await settle();
    assert.equal(resolver.starts.length, 2);
    assert.deepEqual(ids(), ['http://a']);
    assert.equal(clock.pending, 0);
  });

  it('tells of a resolver that cannot even start, and of one that throws no error', async () => {
    for (const [thrown, message] of [
      [new Error('no start'), 'no start'],
      ['a text', 'a text'],
    ] as const) {
      const { failures } = discovered({
        endpoints: {
          name: 'broken',
          resolve() {
            // eslint-disable-next-line typescript/only-throw-error
            throw thrown;
          },
        },
      });
      await settle();
      assert.deepEqual(failures, [message]);
    }
  });

  it('survives a strategy that cannot be built over what was found', async () => {
    const { resolver, clock, failures } = discovered({
      strategy: {
        name: 'picky',
        build(endpoints) {
          if (endpoints.length === 2) throw new Error('two are too many');
          return { pick: () => endpoints[0] };
        },
      },
    });
    await resolver.say(['http://a']);
    await resolver.say(['http://a', 'http://b']);
    clock.advance(1_000);
    assert.deepEqual(failures, ['two are too many']);
    await resolver.say(['http://c']);
    assert.equal(resolver.starts.length, 1);
  });

  it('holds the process for those who wait for the first set, and for nothing else', async () => {
    const clock = manualClock();
    let holds = 0;
    const counting: Clock = {
      now: clock.now,
      schedule(delayMs, task, isBackground) {
        if (isBackground !== true) holds++;
        return clock.schedule(delayMs, task);
      },
    };
    const { resolver, cluster } = discovered({ clock: counting });
    await resolver.say(new Error('not yet'));
    clock.advance(2_000);
    await settle();
    await resolver.say(['http://a']);
    await resolver.say(['http://b']);
    assert.equal(resolver.starts.length, 2);
    assert.equal(holds, 0);
    await cluster.ready();
    assert.equal(holds, 0);
    const other = discovered({ clock: counting });
    const ready = Promise.all([other.cluster.ready(), other.cluster.ready()]);
    assert.equal(holds, 1);
    await other.resolver.say(['http://a']);
    await ready;
  });

  it('refuses update(), since the resolver would undo it', () => {
    const { cluster } = discovered();
    assert.throws(() => cluster.update(['http://a']), { code: 'INVALID_OPTIONS', message: /come from its resolver/ });
  });

  it('refuses what is neither a list nor a resolver', () => {
    const message = /`endpoints` must be an array of endpoints, or a resolver such as dnsResolver\(\)/;
    assert.throws(() => createCluster({ endpoints: {} as never }), { code: 'INVALID_OPTIONS', message });
  });

  it('stops the resolver when it closes, whatever that is doing, and refuses those who wait', async () => {
    let returns = 0;
    let isAborted = false;
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    closing({ [Symbol.dispose]: () => void process.off('unhandledRejection', note) });
    const endings: (() => Promise<IteratorResult<EndpointSet>>)[] = [
      () => Promise.resolve({ done: true, value: undefined }),
      () => Promise.reject(new Error('cannot return')),
      () => new Promise(() => undefined),
      () => {
        throw new Error('cannot even begin to');
      },
    ];
    for (const ending of endings) {
      const clock = manualClock();
      const endpoints: Resolver = {
        name: 'stubborn',
        resolve(io) {
          io.signal.addEventListener('abort', () => (isAborted = true));
          return {
            [Symbol.asyncIterator]: () => ({
              next: () => new Promise(() => undefined),
              return: () => {
                returns++;
                return ending();
              },
            }),
          };
        },
      };
      const cluster = createCluster({ endpoints, clock });
      const ready = cluster.ready();
      await settle();
      isAborted = false;
      await Promise.all([cluster.close(), assert.rejects(ready, { code: 'CLOSED' })]);
      assert.ok(isAborted);
      await assert.rejects(cluster.ready(), { code: 'CLOSED' });
      assert.equal(clock.pending, 0);
    }
    await settle();
    assert.deepEqual(unhandled, []);
    assert.equal(returns, endings.length);
  });

  it('stops while the resolver sleeps, while a failed one waits, and while a set does', async () => {
    const clock = manualClock();
    const sleeper: Resolver = {
      name: 'sleeper',
      async *resolve(io) {
        yield ['http://a'];
        await io.sleep(60_000);
        yield ['http://late'];
      },
    };
    const failing: Resolver = {
      name: 'failing',
      resolve() {
        throw new Error('no');
      },
    };
    for (const endpoints of [sleeper, failing]) {
      const cluster = createCluster({ endpoints, clock });
      const before: string[] = [];
      cluster.on('resolveFailed', ({ message }) => before.push(message));
      await settle();
      assert.ok(clock.pending > 0);
      await cluster.close();
      assert.equal(clock.pending, 0);
      await settle();
      assert.deepEqual(before, endpoints === failing ? ['no'] : []);
    }
    const { resolver, cluster, clock: other, ids, counts } = discovered();
    await resolver.say(['http://a']);
    await resolver.say(['http://b']);
    await cluster.close();
    other.advance(1_000);
    await resolver.say(['http://c']);
    assert.deepEqual(ids(), ['http://a']);
    assert.deepEqual(counts, [1, 1]);
    assert.equal(other.pending, 0);
  });
});
