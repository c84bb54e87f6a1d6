/**
 * The laws of every session store. A store's own test calls `describeSessionStore` and adds what is special about it.
 *
 * Times are made up and far apart, so that a store that also has timers of its own (Redis) never meets them in a test.
 */
import assert from 'node:assert/strict';
import { SESSION_STORE_LAWS } from './session-store-laws.ts';
import type { StoreUnderTest } from './session-store-model.ts';

/** A law that does not hold for a store, and why that is right. */
export interface SkippedLaw {
  readonly law: string;
  readonly reason: string;
}

export interface DescribeOptions {
  readonly skip?: readonly SkippedLaw[];
}

/** Defines a mocha suite that holds a store to the laws. `make` is called once per law. */
export function describeSessionStore(
  name: string,
  make: () => StoreUnderTest | Promise<StoreUnderTest>,
  { skip = [] }: DescribeOptions = {},
): void {
  const skipped = new Map(skip.map(({ law, reason }) => [law, reason]));

  describe(`${name} as a session store`, () => {
    for (const [law, prove] of Object.entries(SESSION_STORE_LAWS)) {
      const reason = skipped.get(law);
      if (reason !== undefined) {
        it.skip(`${law} (${reason})`);
        continue;
      }
      it(law, async () => {
        const subject = await make();
        try {
          await prove(subject);
        } finally {
          await subject.close();
        }
      });
    }

    it('skips only laws that exist', () => {
      assert.deepEqual(
        [...skipped.keys()].filter((law) => !(law in SESSION_STORE_LAWS)),
        [],
      );
    });
  });
}
