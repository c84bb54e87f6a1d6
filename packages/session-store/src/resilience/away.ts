/**
 * Answers in the store's place while it is away, as far as the mode allows: from what is noted, else from what is known. What cannot
 * be answered fails with the reason for which the store was not asked.
 */
import type { CommitReceipt, SessionRecord } from '../store.ts';
import type { Journal, KnownRecord, NamedPatch } from './journal.ts';
import type { KnownRecords } from './known-records.ts';
import type { ResolvedResilientOptions } from './resilient-options.ts';

/** What of the options decides about answers. */
export type AwayOptions = Pick<ResolvedResilientOptions, 'whenDown' | 'writes' | 'staleIfErrorMs' | 'recall'>;

/** The answers of one store that may be away. `reason`: why it was not asked, or what asking led to. */
export class Away {
  readonly #options: AwayOptions;
  readonly #journal: Journal;
  readonly #records: KnownRecords | undefined;

  constructor(options: AwayOptions, journal: Journal, records: KnownRecords | undefined) {
    this.#options = options;
    this.#journal = journal;
    this.#records = records;
  }

  load(id: string, now: number, reason: Error): SessionRecord | undefined {
    const { whenDown, staleIfErrorMs } = this.#options;
    if (whenDown === 'closed') throw reason;
    const entry = this.#journal.get(id);
    if (entry?.isDestroyed === true) return undefined;
    const isFresh = entry !== undefined && now - (entry.knownAt ?? now) <= staleIfErrorMs;
    const record = entry === undefined ? this.#recalled(id, now)?.record : isFresh ? entry.shown : undefined;
    // One whose time is over may have been given more elsewhere: it is not known to be gone.
    if (record !== undefined && record.expiresAt > now) return record;
    if (whenDown === 'open') return undefined;
    throw reason;
  }

  /**
   * @param before what was known of the session before this commit
   * @param isSent whether the store was sent it and did not answer
   */
  commit(
    id: string,
    patch: NamedPatch,
    before: KnownRecord | undefined,
    isSent: boolean,
    now: number,
    reason: Error,
  ): CommitReceipt | undefined {
    const { whenDown, writes } = this.#options;
    if (writes === 'refuse' || (patch.expect?.size ?? 0) > 0) throw reason;
    if (patch.mode === 'create') {
      if (whenDown !== 'open' || isSent || patch.principal !== undefined) throw reason;
    } else if (this.#journal.get(id) === undefined && before === undefined) {
      throw reason;
    }
    const recalled = this.#recalled(id, now);
    // What was sent was made on top of what was known then; that it is known for so long is another matter.
    const known = isSent && before !== undefined ? { ...before, at: recalled?.at ?? before.at } : (recalled ?? before);
    const receipt = this.#journal.commit(id, patch, known, isSent, now);
    if (receipt === 'full') throw reason;
    return receipt;
  }

  touch(id: string, patch: NamedPatch, now: number, reason: Error): boolean {
    // Nobody may take a session for touched that will end as if it was not.
    if (this.#options.writes === 'refuse') throw reason;
    const record = this.load(id, now, reason);
    if (record === undefined || record.isRetired) return false;
    return this.commit(id, patch, this.before(id, now), false, now, reason) !== undefined;
  }

  destroy(id: string, now: number, reason: Error): SessionRecord | undefined {
    if (this.#options.writes === 'refuse') throw reason;
    const last = this.#journal.get(id)?.shown ?? this.#recalled(id, now)?.record;
    if (this.#journal.destroy(id, this.before(id, now)) === 'full') throw reason;
    this.#records?.forget(id);
    return last !== undefined && last.expiresAt > now ? last : undefined;
  }

  /** The newest that is known of a session, at whatever age: something to compare with. */
  before(id: string, now: number): KnownRecord | undefined {
    const known = this.#records?.known(id);
    const recalled = this.#options.recall?.(id, now, Infinity);
    if (recalled === undefined) return known;
    if (known !== undefined && known.record.version > recalled.version) return known;
    return { record: recalled, at: -Infinity };
  }

  /** Something to show, and when the store last said so. */
  #recalled(id: string, now: number): KnownRecord | undefined {
    const { recall, staleIfErrorMs } = this.#options;
    const own = this.#records?.shown(id, now, staleIfErrorMs);
    const recalled = recall?.(id, now, staleIfErrorMs);
    if (recalled === undefined || (own !== undefined && own.record.version >= recalled.version)) return own;
    return { record: recalled, at: now - ageOf((ageMs) => recall?.(id, now, ageMs) !== undefined, staleIfErrorMs) };
  }
}

/** How old something is that only says whether it is younger: by halves, to a thousandth of the longest age. */
function ageOf(isYoungerThan: (ageMs: number) => boolean, longestMs: number): number {
  let [shortest, longest] = [0, longestMs];
  for (let i = 0; i < 10; i++) {
    const middle = (shortest + longest) / 2;
    if (isYoungerThan(middle)) longest = middle;
    else shortest = middle;
  }
  return longest;
}
