/**
 * For each law of docs/proxy-laws.md the ways in which it is broken here, to see that a test of that law fails.
 */
import { answerMutations } from './answers.ts';
import { bodyMutations } from './bodies.ts';
import { faultMutations } from './faults.ts';
import { headMutations } from './heads.ts';
import { http2Mutations } from './http2.ts';
import type { Mutation } from './mutation.ts';
import { upgradeMutations } from './upgrades.ts';

export const mutations: readonly Mutation[] = [
  ...headMutations,
  ...bodyMutations,
  ...faultMutations,
  ...upgradeMutations,
  ...http2Mutations,
  ...answerMutations,
].toSorted((a, b) => a.law - b.law);
