/**
 * What tests of hashing need: keys, and where they go.
 */
import type { Endpoint, PickContext, Picker, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { ANY_PICK } from '../../conformance/strategy.ts';

/** A first attempt for a key. */
export function keyed(key: number, more: Partial<PickContext> = {}): PickContext {
  return { ...ANY_PICK, key, ...more };
}

/** Who gets each of the keys 1 to `keys`, by id. */
export function ownersOf(strategy: Strategy, endpoints: readonly Endpoint[], keys: number): string[] {
  const picker = strategy.build(endpoints, seeded(), undefined);
  return Array.from({ length: keys }, (_, i) => picker.pick(keyed(i + 1))!.id);
}

/** The key's endpoints in order, the next one picked because all before it were tried. */
export function orderOf(picker: Picker, key: number, count: number): string[] {
  const tried: Endpoint[] = [];
  for (let attempt = 0; attempt < count; attempt++)
    tried.push(picker.pick(keyed(key, { attempt, tried: [...tried] }))!);
  return tried.map(({ id }) => id);
}

/** How many keys went from an endpoint to another one that is not `changed`, while `changed` was neither. */
export function movedBetweenOthers(before: readonly string[], after: readonly string[], changed: string): number {
  return before.filter((id, i) => id !== after[i] && id !== changed && after[i] !== changed).length;
}

/** The most that any endpoint has of the keys, relative to its share by weight. */
export function overProvision(owners: readonly string[], endpoints: readonly Endpoint[]): number {
  const hits = new Map<string, number>();
  for (const id of owners) hits.set(id, (hits.get(id) ?? 0) + 1);
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  return Math.max(...endpoints.map(({ id, weight }) => ((hits.get(id) ?? 0) * total) / (owners.length * weight)));
}
