/**
 * Indices in order of a deadline that only ever moves back: a binary min-heap that knows where each index is. Equal deadlines come
 * in order of their index.
 */
export class DeadlineHeap {
  readonly #deadlines: Float64Array;
  readonly #heap: Uint32Array;
  /** Where in the heap each index is. */
  readonly #place: Uint32Array;

  /** @param deadlines one for each index; at least one. Belongs to the heap from now on. O(n) */
  constructor(deadlines: Float64Array) {
    this.#deadlines = deadlines;
    this.#heap = Uint32Array.from(deadlines, (_, i) => i);
    this.#place = this.#heap.slice();
    for (let at = (deadlines.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** The index with the earliest deadline. */
  get first(): number {
    return this.#heap[0]!;
  }

  /** The deadline of one index. */
  deadlineOf(index: number): number {
    return this.#deadlines[index]!;
  }

  /** Moves the deadline of one index back by `span`, which is not negative. O(log n), allocates nothing. */
  postpone(index: number, span: number): void {
    this.#deadlines[index] = this.#deadlines[index]! + span;
    this.#sink(this.#place[index]!);
  }

  #sink(start: number): void {
    const heap = this.#heap;
    const index = heap[start]!;
    let at = start;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#isEarlier(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!this.#isEarlier(below, index)) break;
      heap[at] = below;
      this.#place[below] = at;
      at = child;
    }
    heap[at] = index;
    this.#place[index] = at;
  }

  #isEarlier(a: number, b: number): boolean {
    const difference = this.#deadlines[a]! - this.#deadlines[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }
}
