/**
 * What a cluster with its default strategy does while servers start, fail and are replaced.
 */
import assert from 'node:assert/strict';
import { consecutiveFailures, retryBudget, retryPolicy, roundRobin } from '@evenkeel/core';
import type { Clock, Cluster } from '@evenkeel/core';
import { during, fixedServer, latencyServer, queueingServer } from './profiles.ts';
import { hitsBetween, many, play, successPercent, urlOf } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function withRetries() {
  return { policy: retryPolicy(), budget: retryBudget() };
}

describe('a cold start', () => {
  it('of the whole cluster spreads the first requests evenly, before and after the first answers', () => {
    const traces = play({
      servers: (random) => many(10, () => latencyServer(100, 20, random)),
      perSecond: 1_000,
      durationMs: 2 * SECOND,
    });
    for (const until of [90, 400, 2_000]) {
      const hits = [...hitsBetween(traces, 0, until).values()];
      assert.ok(Math.max(...hits) < 2 * Math.min(...hits) + 5, `until ${until} ms: ${hits.join(' ')}`);
    }
  });

  it('of one server is tried with one request at a time, and ends with its share', () => {
    const traces = play({
      // The newcomer takes half a second per request in its first five seconds, as one does that compiles and connects.
      servers: (random) => ({
        ...many(9, () => latencyServer(20, 4, random)),
        cold: during(0, 15 * SECOND, fixedServer(500), latencyServer(20, 4, random)),
      }),
      members: many9,
      perSecond: 500,
      durationMs: 60 * SECOND,
      script: (clock, cluster) => void clock.schedule(10 * SECOND, () => cluster.update([...many9, 'cold'].map(urlOf))),
    });
    const cold = hitsBetween(traces, 10 * SECOND, 15 * SECOND).get('cold')!;
    assert.ok(cold >= 1 && cold <= 10, `${cold} requests met the cold server, where its share is 250`);
    const share = hitsBetween(traces, 50 * SECOND, 60 * SECOND).get('cold')! / 5_000;
    assert.ok(share > 0.06 && share < 0.14, `a share of ${share} in the end`);
  });
});

const many9 = Array.from({ length: 9 }, (_, i) => `s${i}`);

describe('a server that fails for a while', () => {
  const temporary = {
    // Failing is quicker than working: without care the broken server looks like the fastest.
    servers: (random: Parameters<typeof latencyServer>[2]) =>
      many(5, (index) => {
        const well = latencyServer(20, 4, random);
        return index === 2 ? during(20 * SECOND, 40 * SECOND, fixedServer(1, 'server-error'), well) : well;
      }),
    perSecond: 500,
    durationMs: 2 * MINUTE,
  };

  it('is ejected after five failures, and after one when it returns on trial', () => {
    const traces = play({ ...temporary, cluster: { strategy: roundRobin() } });
    const failed = traces.filter(({ isOk }) => !isOk).length;
    assert.ok(failed >= 6 && failed <= 8, `${failed} requests failed: five, and one at the end of each ejection`);
  });

  it('draws no traffic by failing fast', () => {
    const failed = play(temporary).filter(({ isOk }) => !isOk).length;
    assert.ok(failed <= 12, `${failed} requests failed`);
  });

  it('costs no request if it may be tried elsewhere', () => {
    const traces = play({ ...temporary, retry: withRetries() });
    assert.equal(successPercent(traces), 100);
  });

  it('draws no traffic even if it is never ejected', () => {
    const ejection = consecutiveFailures({ threshold: 1_000 });
    const hits = hitsBetween(play({ ...temporary, cluster: { ejection } }), 20 * SECOND, 40 * SECOND);
    assert.ok(hits.get('s2')! < 100, `${hits.get('s2')} of 10 000 requests; its share would be 2000`);
  });

  it('has its share again a minute later', () => {
    const share = hitsBetween(play(temporary), 100 * SECOND, 120 * SECOND).get('s2')! / 10_000;
    assert.ok(share > 0.15 && share < 0.25, `a share of ${share}`);
  });
});

describe('a server that is gone for good', () => {
  it('costs no request, and ever fewer attempts', () => {
    const attempts: number[] = [];
    const traces = play({
      servers: (random) =>
        many(4, (index) => (index === 0 ? fixedServer(1, 'connect-error') : latencyServer(20, 4, random))),
      perSecond: 200,
      durationMs: 10 * MINUTE,
      retry: withRetries(),
      onAttempt: (name, now) => void (name === 's0' && attempts.push(now)),
    });
    assert.equal(successPercent(traces), 100);
    assert.ok(attempts.length <= 15, `${attempts.length} attempts in ten minutes`);
    assert.ok(
      attempts.some((at) => at > 2 * MINUTE),
      'it is still asked now and then',
    );
  });

  it('leaves the others their even shares', () => {
    const traces = play({
      servers: (random) =>
        many(4, (index) => (index === 0 ? fixedServer(1, 'connect-error') : queueingServer(4, random))),
      perSecond: 300,
      durationMs: 2 * MINUTE,
      retry: withRetries(),
    });
    const hits = hitsBetween(traces, 0, 2 * MINUTE);
    for (const name of ['s1', 's2', 's3']) assert.ok(Math.abs(hits.get(name)! / 12_000 - 1) < 0.1);
  });
});

describe('an outage of all servers', () => {
  it('is not made worse by retries: a fifth more load, and three a second', () => {
    let attempts = 0;
    const traces = play({
      cluster: { ejection: consecutiveFailures({ threshold: 1_000 }) },
      servers: () => many(4, () => fixedServer(5, 'server-error')),
      perSecond: 100,
      durationMs: MINUTE,
      retry: withRetries(),
      onAttempt: () => void attempts++,
    });
    assert.ok(attempts > traces.length * 1.15, `${attempts} attempts for ${traces.length} requests`);
    assert.ok(attempts <= traces.length * 1.2 + 3 * 60 + 30, `${attempts} attempts for ${traces.length} requests`);
  });
});

describe('a rolling deploy', () => {
  const OLD = ['a', 'b', 'c', 'd'];
  const NEW = ['e', 'f', 'g', 'h'];

  /** Every ten seconds one server goes and its successor comes. */
  const deploy = {
    members: OLD,
    perSecond: 400,
    durationMs: MINUTE,
    script(clock: Clock, cluster: Cluster) {
      OLD.forEach((_, i) => {
        const members = [...NEW.slice(0, i + 1), ...OLD.slice(i + 1)].map(urlOf);
        clock.schedule((i + 1) * 10 * SECOND, () => cluster.update(members));
      });
    },
  };

  it('fails no request, and each new server starts slowly and has its part within seconds', () => {
    const traces = play({
      ...deploy,
      servers: (random) => Object.fromEntries([...OLD, ...NEW].map((name) => [name, latencyServer(30, 6, random)])),
    });
    assert.equal(successPercent(traces), 100);
    for (const [i, name] of NEW.entries()) {
      const joinsAt = (i + 1) * 10 * SECOND;
      const first = (hitsBetween(traces, joinsAt, joinsAt + SECOND).get(name) ?? 0) / 400;
      const share = hitsBetween(traces, joinsAt + 5 * SECOND, joinsAt + 10 * SECOND).get(name)! / 2_000;
      assert.ok(first < 0.06, `${name} has a share of ${first} in its first second`);
      assert.ok(share > 0.16 && share < 0.28, `${name} has a share of ${share} after five seconds`);
    }
  });

  it('fails no request even if the servers stop a second before the cluster is told', () => {
    const traces = play({
      ...deploy,
      retry: withRetries(),
      servers: (random) =>
        Object.fromEntries([
          ...OLD.map((name, i) => {
            const stopsAt = (i + 1) * 10 * SECOND - SECOND;
            return [name, during(stopsAt, Infinity, fixedServer(1, 'connect-error'), latencyServer(30, 6, random))];
          }),
          ...NEW.map((name) => [name, latencyServer(30, 6, random)]),
        ]),
    });
    assert.equal(successPercent(traces), 100);
  });
});
