/** The options of `resilient()`: what they are, and how they are checked. */
import { type Clock, type Random, systemClock } from '@evenkeel/core';
import { durationMs, functionOf, integerIn, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import type { SessionRecord } from '../store.ts';
import type { ConflictPolicy } from './conflict.ts';
import type { EpochSource } from './redis-epoch.ts';

/** What a session layer does while its store is down, as far as an application chooses it. */
export interface WhenDownOptions {
  /**
   * `closed`: calls fail at once, with SESSION_STORE. `cached`: a session that was read less than `staleIfErrorMs` ago is taken to
   * be what it was. `open`: beside that, a session that is not known is taken for one that does not exist, so that a new one begins,
   * in this process, until the store is back. @default 'closed'
   */
  readonly whenDown?: 'closed' | 'cached' | 'open';
  /** How old what is taken for a session may be, in ms, 1..3,600,000: so long, a logout elsewhere may go unseen. @default 30,000 */
  readonly staleIfErrorMs?: number;
  /**
   * Whether changes and logouts are refused while the store is down, or noted in this process and handed over later. `journal` needs
   * `whenDown: 'cached'`; `open` includes it. @default 'refuse', with `whenDown: 'open'` 'journal'
   */
  readonly writes?: 'refuse' | 'journal';
  /** Whose change is kept of a field that somebody else has changed meanwhile. @default 'remote' */
  readonly onConflict?: ConflictPolicy;
  /** Changes noted at most, 1..1,000,000. What is beyond is refused. @default 10,000 */
  readonly maxJournalled?: number;
}

/** Options of `resilient`. */
export interface ResilientOptions extends WhenDownOptions {
  /**
   * What is known of a session without asking the store, whatever may have happened since; undefined if nothing is known, or it is
   * older than `maxAgeMs`. @default what `resilient` itself has seen of it
   */
  readonly recall?: (id: string, now: number, maxAgeMs: number) => SessionRecord | undefined;
  /** Told of sessions that were written to without having been asked to, for whoever keeps copies. @default nobody */
  readonly changed?: (id: string) => void;
  /** Tells a new master from the old one. Where it is given, what was acknowledged last is sent to a new one again. @default none */
  readonly epoch?: EpochSource;
  /** How far that goes back, in ms, 1..600,000. @default 10,000 */
  readonly resendMs?: number;
  /** @default the machine's monotonic clock */
  readonly clock?: Clock;
  /** For the jitter of trials. @default `Math.random` */
  readonly random?: Random;
}

/** `ResilientOptions`, checked and with defaults filled in. */
export interface ResolvedResilientOptions {
  readonly whenDown: 'closed' | 'cached' | 'open';
  readonly staleIfErrorMs: number;
  readonly writes: 'refuse' | 'journal';
  readonly onConflict: ConflictPolicy;
  readonly maxJournalled: number;
  readonly recall: ResilientOptions['recall'];
  readonly changed: (id: string) => void;
  readonly epoch: EpochSource | undefined;
  readonly resendMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

const machineRandom: Random = { below: (n) => Math.floor(Math.random() * n), unit: () => Math.random() };

/** The schemas of `WhenDownOptions`, for whoever offers them as options of its own. */
export const WHEN_DOWN_OPTIONS: {
  readonly whenDown: v.GenericSchema<unknown, 'closed' | 'cached' | 'open'>;
  readonly staleIfErrorMs: v.GenericSchema<unknown, number>;
  readonly writes: v.GenericSchema<unknown, 'refuse' | 'journal' | undefined>;
  readonly onConflict: v.GenericSchema<unknown, ConflictPolicy>;
  readonly maxJournalled: v.GenericSchema<unknown, number>;
} = {
  whenDown: v.optional(v.picklist(['closed', 'cached', 'open'], '"closed", "cached" or "open"'), 'closed'),
  staleIfErrorMs: v.optional(durationMs(1, 3_600_000), 30_000),
  writes: v.optional(v.picklist(['refuse', 'journal'], '"refuse" or "journal"')),
  onConflict: v.optional(
    v.union(
      [v.picklist(['remote', 'local']), functionOf<Extract<ConflictPolicy, (...args: never[]) => unknown>>()],
      '"remote", "local" or a function',
    ),
    'remote',
  ),
  maxJournalled: v.optional(integerIn(1, 1_000_000), 10_000),
};

/** Two options that depend on each other. */
export interface WhenDownChoice {
  readonly whenDown: 'closed' | 'cached' | 'open';
  readonly writes: 'refuse' | 'journal' | undefined;
}

/** The message of `areWritesPossible`. */
export const WRITES_RULE =
  'options whose `writes: "journal"` goes with `whenDown: "cached"` or "open", and "refuse" not with "open"';

const OPTIONS = v.pipe(
  v.strictObject({
    ...WHEN_DOWN_OPTIONS,
    recall: v.optional(functionOf<NonNullable<ResilientOptions['recall']>>()),
    changed: v.optional(functionOf<(id: string) => void>(), () => () => undefined),
    epoch: v.optional(objectWith<EpochSource>('a source of epochs', 'ask', 'watch')),
    resendMs: v.optional(durationMs(1, 600_000), 10_000),
    clock: v.optional(objectWith<Clock>('a clock', 'now', 'schedule'), systemClock),
    random: v.optional(objectWith<Random>('a source of chance', 'below', 'unit'), machineRandom),
  }),
  v.check((options) => areWritesPossible(options), WRITES_RULE),
);

/** What `writes` and `whenDown` may be together, as a check of a schema that has both. */
export function areWritesPossible({ whenDown, writes }: WhenDownChoice): boolean {
  if (writes === 'journal') return whenDown !== 'closed';
  return writes === undefined || whenDown !== 'open';
}

/** @throws INVALID_OPTIONS */
export function resolveResilientOptions(options: unknown): ResolvedResilientOptions {
  const { writes, recall, epoch, ...resolved } = resolveOptions('resilient', OPTIONS, options);
  return { ...resolved, recall, epoch, writes: writes ?? (resolved.whenDown === 'open' ? 'journal' : 'refuse') };
}
