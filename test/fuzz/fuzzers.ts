/** The fuzzers by name. */
import { fuzz } from './fuzz.ts';
import type { FuzzOptions, Tally } from './fuzz.ts';
import type { LaneOptions } from './lane.ts';
import { requestFuzzer } from './request-fuzz.ts';
import { responseFuzzer } from './response-fuzz.ts';

export type FuzzerName = 'requests' | 'responses';

type Run = (options: FuzzOptions, lane?: LaneOptions) => Promise<Tally>;

export const FUZZERS: Readonly<Record<FuzzerName, Run>> = {
  requests: (options, lane) => fuzz(requestFuzzer(lane), options),
  responses: (options, lane) => fuzz(responseFuzzer(lane), options),
};

/** Every wire client that a cluster can be told to use. */
export const TRANSPORTS = ['h1', 'undici'] as const;
