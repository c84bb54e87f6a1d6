/**
 * Tells of the rare changes, and of each once: who hears of them may change the cluster in turn, so that what is told is what has changed
 * since the last word, and not what changed at the time of a call.
 */
import type { HealthReason } from '../health/reasons.ts';
import type { ClusterCoreListener } from './core-options.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Snapshot } from './snapshot.ts';

export class Announcer {
  readonly #listener: ClusterCoreListener;
  /** Those of whom it was said. */
  readonly #unpickable = new Set<EndpointState>();
  #isPanicking = false;
  #hasQuorum = true;

  constructor(listener: ClusterCoreListener) {
    this.#listener = listener;
  }

  added(endpoint: EndpointState): void {
    this.#listener.added(endpoint);
  }

  removed(endpoint: EndpointState): void {
    this.#unpickable.delete(endpoint);
    this.#listener.removed(endpoint);
  }

  spared(endpoint: EndpointState): void {
    this.#listener.spared(endpoint);
  }

  /** @param reason why it may not be picked, if that is so and news */
  judged(endpoint: EndpointState, reason: HealthReason): void {
    if (endpoint.reasons === 0) this.#welcome(endpoint);
    else if (!this.#unpickable.has(endpoint)) {
      this.#unpickable.add(endpoint);
      this.#listener.unpickable(endpoint, reason);
    }
  }

  /**
   * There is another snapshot: whoever has become well by the way is announced, and what holds for all. O(those that are not well)
   * @param cluster whose snapshot it is, or will be another one by the time that somebody has been told
   */
  rebuilt(cluster: { readonly snapshot: Snapshot }): void {
    for (const endpoint of this.#unpickable) if (endpoint.reasons === 0) this.#welcome(endpoint);
    const { isPanicking } = cluster.snapshot;
    if (isPanicking !== this.#isPanicking) this.#listener.panic((this.#isPanicking = isPanicking));
    const { hasQuorum } = cluster.snapshot;
    if (hasQuorum !== this.#hasQuorum) this.#listener.quorum((this.#hasQuorum = hasQuorum));
  }

  #welcome(endpoint: EndpointState): void {
    if (this.#unpickable.delete(endpoint)) this.#listener.pickable(endpoint);
  }
}
