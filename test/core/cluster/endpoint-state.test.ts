import assert from 'node:assert/strict';
import { consecutiveFailures } from '@evenkeel/core';
import { context, make, stateOf } from './clusters.ts';

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-4 * Math.max(1, expected), `${actual} is not ${expected}`);
}

describe('the latency of an endpoint', () => {
  it('is 0 before the first answer', () => {
    assert.equal(stateOf(1_000).latencyAt(5_000), 0);
  });

  it('takes the first sample and every peak over at once', () => {
    const state = stateOf(1_000);
    state.answer(10, 100);
    assert.equal(state.latencyAt(100), 10);
    state.answer(250, 101);
    assert.equal(state.latencyAt(101), 250);
  });

  it('approaches lower samples by the time that passed, not by their number', () => {
    const often = stateOf(1_000);
    const once = stateOf(1_000);
    often.answer(100, 0);
    once.answer(100, 0);
    for (let now = 1; now <= 1_000; now++) often.answer(20, now);
    once.answer(20, 1_000);
    near(once.latencyAt(1_000), 20 + 80 / Math.E);
    near(often.latencyAt(1_000), once.latencyAt(1_000));
  });

  it('falls to 1/e in one window without a sample', () => {
    const state = stateOf(1_000);
    state.answer(100, 500);
    near(state.latencyAt(1_500), 100 / Math.E);
  });

  it('is not changed by being read, and a time before the last sample counts as that moment', () => {
    const state = stateOf(1_000);
    state.answer(100, 1_000);
    state.latencyAt(9_000);
    assert.equal(state.latencyAt(0), 100);
  });

  it('does not count the time for which the caller was too busy to look', () => {
    const cluster = make(1);
    const endpoint = cluster.endpoints[0]!;
    cluster.begin(endpoint, 0);
    cluster.report(endpoint, 'success', 0, 250, 240);
    assert.equal(endpoint.latencyAt(250), 10);
    assert.equal(endpoint.waitingAgeAt(300), 0);
    cluster.begin(endpoint, 300);
    cluster.report(endpoint, 'success', 300, 301, 99);
    assert.ok(endpoint.latencyAt(301) <= 10, 'and never falls below nothing');
  });

  it('outlives the membership of its endpoint, and is nobody else’s', () => {
    const cluster = make(2);
    const [gone, stays] = cluster.endpoints;
    for (const [endpoint, ms] of [
      [gone!, 10],
      [stays!, 20],
    ] as const) {
      cluster.begin(endpoint, 0);
      cluster.report(endpoint, 'success', 0, ms);
    }
    cluster.update([{ id: 'e1', url: stays!.origin }, 'http://10.0.0.9', 'http://10.0.0.10']);
    const newcomer = cluster.endpoints[1]!;
    cluster.begin(newcomer, 100);
    cluster.report(newcomer, 'success', 100, 400);
    cluster.end(gone!);
    near(gone!.latencyAt(10), 10);
    near(stays!.latencyAt(20), 20);
    assert.equal(newcomer.latencyAt(400), 300);
  });
});

describe('what a request has to expect of an endpoint', () => {
  it('is 0 while nothing is known, however long requests wait', () => {
    const cluster = make(1);
    const endpoint = cluster.endpoints[0]!;
    cluster.begin(endpoint, 0);
    assert.equal(endpoint.expectedUsAt(5_000), 0);
  });

  it('is the latency in steps of a fifth, as it decays', () => {
    const cluster = make(1);
    const endpoint = cluster.endpoints[0]!;
    cluster.begin(endpoint, 0);
    cluster.report(endpoint, 'success', 0, 100);
    for (let now = 100; now < 40_000; now += 100) {
      const [expected, exact] = [endpoint.expectedUsAt(now) / 1_000, endpoint.latencyAt(now)];
      assert.ok(expected <= exact * 1.08 && expected >= exact * 0.79, `${expected} for ${exact} at ${now}`);
    }
  });

  it('follows the age of what waits as soon as that is the greater one', () => {
    const cluster = make(1);
    const endpoint = cluster.endpoints[0]!;
    cluster.begin(endpoint, 0);
    cluster.report(endpoint, 'success', 0, 10);
    cluster.end(endpoint);
    assert.equal(endpoint.expectedUsAt(11), 8_192);
    cluster.begin(endpoint, 100);
    for (let now = 100; now < 2_000; now++) {
      const [expected, exact] = [endpoint.expectedUsAt(now) / 1_000, Math.max(endpoint.latencyAt(now), now - 100)];
      // It may be looked at up to 1 ms, and a sixteenth, after it has changed.
      assert.ok(expected <= exact * 1.08 && expected >= (exact - 1) * 0.75, `${expected} for ${exact} at ${now}`);
    }
  });

  it('is known at once after every outcome', () => {
    const cluster = make(1, { ejection: consecutiveFailures({ threshold: 100 }) });
    const endpoint = cluster.endpoints[0]!;
    for (const [ms, outcome] of [
      [10, 'success'],
      [400, 'success'],
      [1, 'server-error'],
    ] as const) {
      cluster.pick(context(1_000));
      const before = endpoint.expectedUsAt(1_000);
      cluster.begin(endpoint, 1_000 - ms);
      cluster.report(endpoint, outcome, 1_000 - ms, 1_000);
      cluster.end(endpoint);
      assert.ok(endpoint.expectedUsAt(1_000) > before);
    }
  });
});
