/**
 * Options about who is a member and gets how much: zones and quorum.
 */
import type { Quorum } from '../cluster/snapshot.ts';
import type { Locality } from '../cluster/tiers.ts';
import { integerIn, numberIn, v } from '../options.ts';

/** Where the caller is, and how callers are spread over zones. */
export interface LocalityOptions {
  /** The zone of this process, as in `EndpointOptions.zone`. */
  readonly zone: string;
  /** How many callers such as this one run in each zone, 0..1_000_000. @default as many in each zone that has endpoints */
  readonly callers?: Readonly<Record<string, number>>;
  /** With fewer endpoints in the first priority level zones do not matter, 1..1_000_000. @default 6 (Envoy's) */
  readonly minEndpoints?: number;
}

/** keepalived's quorum: without it the endpoints with `isFallback` serve, if there are any, and the event `quorum` says so. */
export interface QuorumOptions {
  /** The sum of the weights of well endpoints that is enough, 0..2^31. */
  readonly weight: number;
  /** It is lost below `weight - hysteresis` and regained at `weight + hysteresis`, 0..`weight`. @default 0 */
  readonly hysteresis?: number;
}

const callersSchema = v.record(v.string(), numberIn(0, 1_000_000), 'an object of numbers by zone');

export const localitySchema: v.GenericSchema<unknown, Locality> = v.pipe(
  v.strictObject({
    zone: v.pipe(v.string('a zone'), v.nonEmpty('a zone')),
    callers: v.optional(callersSchema),
    minEndpoints: v.optional(integerIn(1, 1_000_000), 6),
  }),
  v.transform(({ callers, ...rest }) => ({ ...rest, callers })),
);

export const quorumSchema: v.GenericSchema<unknown, Quorum> = v.pipe(
  v.strictObject({ weight: numberIn(0, 2 ** 31), hysteresis: v.optional(numberIn(0, 2 ** 31), 0) }),
  v.forward(
    v.check(({ weight, hysteresis }) => hysteresis <= weight, 'at most `weight`'),
    ['hysteresis'],
  ),
);
