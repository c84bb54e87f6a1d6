import assert from 'node:assert/strict';
import { seeded } from '@evenkeel/core/testing';
import { breaker } from '../../../packages/session-store/src/resilience/breaker.ts';

const random = { below: () => 0, unit: () => 0 };

describe('the breaker of a store', () => {
  it('takes a store down at the third failure in a row, and says so once', () => {
    const subject = breaker(random);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => subject.failed()),
      [false, false, true, false],
    );
    assert.equal(subject.isDown, true);
  });

  it('starts to count anew after a success', () => {
    const subject = breaker(random);
    subject.failed();
    subject.failed();
    subject.succeeded();
    subject.failed();
    subject.failed();
    assert.equal(subject.isDown, false);
  });

  it('is not brought back by an answer that was under way', () => {
    const subject = breaker(random);
    for (let i = 0; i < 3; i++) subject.failed();
    subject.nextTrialMs();
    subject.succeeded();
    assert.equal(subject.isDown, true);
    assert.equal(subject.nextTrialMs(), 200);
    subject.restored();
    assert.equal(subject.isDown, false);
  });

  it('doubles the wait before a trial from 100 ms to 2 s, and starts anew once the store was there', () => {
    const subject = breaker({ below: () => 0, unit: () => 0 });
    const waits = Array.from({ length: 7 }, () => subject.nextTrialMs());
    assert.deepEqual(waits, [100, 200, 400, 800, 1_000, 1_000, 1_000]);
    subject.restored();
    assert.equal(subject.nextTrialMs(), 100);
  });

  it('never waits less than 100 ms or more than 2 s, whatever chance says', () => {
    const subject = breaker(seeded(7));
    for (let i = 0; i < 1_000; i++) {
      const wait = subject.nextTrialMs();
      assert.ok(wait >= 100 && wait <= 2_000, String(wait));
      if (i % 3 === 0) subject.restored();
    }
  });
});
