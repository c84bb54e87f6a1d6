/**
 * The laws that every strategy keeps. A strategy's own test calls `describeStrategy` and adds what only that strategy promises.
 */
import { CHANGE_LAWS } from './strategy-change-laws.ts';
import { STANDING_LAWS } from './strategy-laws.ts';
import type { Make } from './strategy-laws.ts';

export { ANY_PICK, countPicks } from './picks.ts';

const LAWS = { ...STANDING_LAWS, ...CHANGE_LAWS } as const;

/** A law that a strategy does not keep, and why that is right. */
export interface SkippedLaw {
  readonly law: keyof typeof LAWS;
  readonly reason: string;
}

/** Defines one test per law. */
export function describeStrategy(
  name: string,
  make: Make,
  options: { readonly skip?: readonly SkippedLaw[] } = {},
): void {
  describe(`${name} as a strategy`, () => {
    for (const [law, check] of Object.entries(LAWS)) {
      const skipped = options.skip?.find((entry) => entry.law === law);
      if (skipped === undefined) it(law, () => check(make));
      else it.skip(`${law} (${skipped.reason})`);
    }
  });
}
