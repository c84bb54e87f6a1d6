import type { Except } from '../../../packages/core/src/lib/placement.ts';

/** Members that were tried, and members that are full. */
export function except(tried: readonly number[], full: readonly number[] = []): Except {
  return { isTried: (member) => tried.includes(member), isFull: (member) => full.includes(member) };
}

/** Identities of `n` members. */
export function idsOf(n: number, prefix = 'e'): string[] {
  return Array.from({ length: n }, (_, i) => `${prefix}${i}`);
}
