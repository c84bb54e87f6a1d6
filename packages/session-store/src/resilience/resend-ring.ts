/**
 * Bounds what a failover of Redis loses. Replication is asynchronous: what the old master acknowledged in its last moments may never
 * have reached the new one. Every instance keeps what was acknowledged to it in the last seconds, and hands it to a new master.
 * Something is lost only if the master and the instance die together.
 *
 * Why nothing happens twice and nothing comes back. The new master holds what the old one held at some version of each session, and
 * perhaps commits of its own time.
 * - First what ends sessions: destroys, ends, revocations and retirements. Ids are never used again and all four can be repeated; a
 *   repeated revocation may also end a session that began right after it, which errs on the right side.
 * - Then commits, as updates: what is gone stays gone. A commit that made a session is therefore not sent again.
 * - A commit whose version lies so far behind the session's that its name may be forgotten has survived: skipped. Of any other the
 *   store remembers the name if it survived, and applies nothing. If it does not remember the name, the commit was lost.
 * - A lost commit goes in only over what it was made on top of (`expect`), so a change made under the new master stays. Where the
 *   commit was made on top of one of another instance that is still missing, it waits a little for that instance to send its own.
 * - It leaves the ring before it is sent, and increments whose answer is lost do not come back into it.
 */
import { COMMIT_NAMES_KEPT, type SessionStore } from '../store.ts';
import { batchOf, changedFields } from './batch.ts';
import type { Decide } from './conflict.ts';
import type { NamedPatch } from './journal.ts';
import { sendBatch } from './send-batch.ts';

/** Something that ends a session, or all of a principal, and may be done again. */
export type Ending = (store: SessionStore, now: number) => Promise<unknown>;

interface AcknowledgedCommit {
  readonly id: string;
  readonly at: number;
  readonly characters: number;
  readonly patch: NamedPatch;
  readonly version: number;
  /** What the changed fields held before, as far as this process knew. */
  readonly before: ReadonlyMap<string, string>;
}

/** What the ring needs from the store's owner while it sends. */
export interface ResendContext {
  readonly store: SessionStore;
  /** Milliseconds since the epoch. */
  now(): number;
  wait(ms: number): Promise<void>;
  /** The session was written to, past everybody who keeps copies. */
  changed(id: string): void;
}

/** What became of the ring. */
export interface Resent {
  readonly applied: number;
  readonly dropped: number;
}

const MAX_COMMITS = 20_000;
const MAX_CHARACTERS = 32 * 1_048_576;
/** Commits of others between the load that tells the version and the commit. */
const MARGIN = 2;
const ROUNDS = 10;
const ROUND_MS = 100;
const keepRemote: Decide = ({ remote }) => ({ kept: 'remote', text: remote });

/** What was acknowledged in the last `windowMs`, oldest first. Bounded by count and characters as well: the oldest go. */
export class ResendRing {
  readonly #windowMs: number;
  #endings: { readonly at: number; readonly repeat: Ending }[] = [];
  /** In order of acknowledgement. A set, since entries leave from anywhere. */
  readonly #commits = new Set<AcknowledgedCommit>();
  #characters = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Commits and endings kept. */
  get size(): number {
    return this.#commits.size + this.#endings.length;
  }

  /** @param before what the session held before; nothing can be sent again without it */
  committed(id: string, patch: NamedPatch, before: ReadonlyMap<string, string>, version: number, at: number): void {
    if (patch.mode === 'create') return;
    const changed = new Map<string, string>();
    let characters = id.length;
    for (const name of changedFields(patch)) {
      // What the commit itself expected is known for certain.
      const value = patch.expect?.has(name) === true ? patch.expect.get(name) : before.get(name);
      if (value !== undefined) changed.set(name, value);
      characters += name.length + (value?.length ?? 0) + (patch.set.get(name)?.length ?? 0);
    }
    this.#commits.add({ id, at, characters, patch, version, before: changed });
    this.#characters += characters;
    this.prune(-Infinity);
  }

  ended(at: number, repeat: Ending): void {
    this.#endings.push({ at, repeat });
    if (this.#endings.length > MAX_COMMITS) this.#endings.shift();
  }

  /** Forgets what is older than the window at `now`: it has reached the replicas, or never will. */
  prune(now: number): void {
    const oldest = now - this.#windowMs;
    for (const commit of this.#commits) {
      const isWithin = this.#commits.size <= MAX_COMMITS && this.#characters <= MAX_CHARACTERS;
      if (commit.at >= oldest && isWithin) break;
      this.#remove(commit);
    }
    let old = 0;
    while (old < this.#endings.length && this.#endings[old]!.at < oldest) old++;
    if (old > 0) this.#endings.splice(0, old);
  }

  /**
   * Hands everything over to a new master, a few sessions at a time.
   * @throws SESSION_STORE if the store does not answer; call it again then
   */
  async resend(context: ResendContext): Promise<Resent> {
    const { store, now } = context;
    while (this.#endings.length > 0) {
      const [ending] = this.#endings;
      await ending!.repeat(store, now());
      this.#endings = this.#endings.filter((other) => other !== ending);
    }
    const sessions = [...Map.groupBy(this.#commits, ({ id }) => id)];
    let [applied, dropped] = [0, 0];
    await inParallel(sessions, async ([id, commits]) => {
      const done = await this.#resendSession(context, id, commits);
      applied += done.applied;
      dropped += done.dropped;
    });
    return { applied, dropped };
  }

  async #resendSession(context: ResendContext, id: string, commits: readonly AcknowledgedCommit[]): Promise<Resent> {
    const { store, now, wait, changed } = context;
    let [applied, dropped, rounds] = [0, 0, 0];
    for (const commit of commits.toSorted((a, b) => a.version - b.version)) {
      let record = await store.load(id, now(), 'strong');
      while (record !== undefined && record.version < commit.version - 1 && rounds++ < ROUNDS) {
        await wait(ROUND_MS);
        record = await store.load(id, now(), 'strong');
      }
      this.#remove(commit);
      if (record === undefined || record.isRetired) {
        dropped++;
        continue;
      }
      if (commit.version <= record.version - COMMIT_NAMES_KEPT + MARGIN) continue;
      const batch = batchOf(commit.patch, commit.before, commit.version - 1, true);
      try {
        const sent = await sendBatch(store, id, batch, keepRemote, now());
        if ((sent.receipt?.version ?? 0) > record.version) applied++;
        else if (sent.dropped > 0) dropped++;
      } catch (error) {
        if (commit.patch.add.size === 0) this.#restore(commit);
        throw error;
      }
      changed(id);
    }
    return { applied, dropped };
  }

  #remove(commit: AcknowledgedCommit): void {
    if (this.#commits.delete(commit)) this.#characters -= commit.characters;
  }

  #restore(commit: AcknowledgedCommit): void {
    this.#commits.add(commit);
    this.#characters += commit.characters;
  }
}

const WORKERS = 16;

/** Does the work for all items, a few at a time. The first failure stops it. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  let isStopped = false;
  async function worker(): Promise<void> {
    for (let next = rest.next(); !next.done && !isStopped; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(WORKERS, items.length) }, worker));
}
