/** Arbitraries that are mostly right, and ways to spoil what was made by the rules. */
import fc from 'fast-check';
import { SPOILERS } from './nasty.ts';

/** One of several, each with its weight. */
export function weighted<T>(
  ...parts: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]
): fc.Arbitrary<T> {
  return fc.oneof(...parts.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

export function pick(words: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...words);
}

/** The usual word `weight` times as often as one of the others. */
export function rarely(weight: number, usual: string, others: readonly string[]): fc.Arbitrary<string> {
  return weighted([weight, fc.constant(usual)], [1, pick(others)]);
}

const mutation = fc.record({
  at: fc.nat({ max: 2 ** 30 }),
  kind: fc.constantFrom('delete', 'insert', 'replace', 'double'),
  text: pick(SPOILERS),
  length: fc.nat({ max: 12 }),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** Positions in long bodies are dull: a change is made in a head, or close behind it. */
function mutate(bytes: string, { at, kind, text, length }: Mutation): string {
  const place = at % Math.max(1, Math.min(bytes.length, 600));
  if (kind === 'delete') return bytes.slice(0, place) + bytes.slice(place + length);
  if (kind === 'insert') return bytes.slice(0, place) + text + bytes.slice(place);
  if (kind === 'replace') return bytes.slice(0, place) + text + bytes.slice(place + text.length);
  return bytes.slice(0, place + length) + bytes.slice(place);
}

/** The same bytes, some changed in a place or two, and some cut short. */
export function mutated(bytes: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const mutations = weighted([4, fc.constant<Mutation[]>([])], [1, fc.array(mutation, { minLength: 1, maxLength: 2 })]);
  const end = weighted([12, fc.constant(-1)], [1, fc.nat({ max: 2 ** 30 })]);
  return fc.tuple(bytes, mutations, end).map(([whole, changes, cut]) => {
    const changed = changes.reduce(mutate, whole);
    return cut < 0 ? changed : changed.slice(0, cut % (Math.min(changed.length, 1_000) + 1));
  });
}
