/**
 * What happens next: a binary min-heap of things by time, first in first out at equal times. The times are kept apart from the
 * things, in one array of doubles, so that the comparisons, which are most of the work, touch no object.
 */
export class EventQueue<T> {
  #times = new Float64Array(1024);
  #serials = new Float64Array(1024);
  readonly #items: T[] = [];
  #serial = 0;

  get size(): number {
    return this.#items.length;
  }

  /** When the next thing happens; Infinity if there is none. */
  get nextAt(): number {
    return this.#items.length === 0 ? Infinity : this.#times[0]!;
  }

  /** The next thing; there has to be one. */
  get first(): T {
    return this.#items[0]!;
  }

  push(at: number, item: T): void {
    let place = this.#items.length;
    if (place === this.#times.length) this.#grow();
    this.#items.push(item);
    const serial = this.#serial++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      // The newest serial is the largest, so an equal time stays below.
      if (this.#times[parent]! <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, serial, item);
  }

  /** Takes out the next thing; there has to be one. */
  pop(): T {
    const first = this.#items[0]!;
    const last = this.#items.length - 1;
    const at = this.#times[last]!;
    const serial = this.#serials[last]!;
    const item = this.#items.pop()!;
    if (last === 0) return first;
    let place = 0;
    for (let child = 1; child < last; child = 2 * place + 1) {
      if (child + 1 < last && this.#isEarlier(child + 1, this.#times[child]!, this.#serials[child]!)) child++;
      if (!this.#isEarlier(child, at, serial)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, serial, item);
    return first;
  }

  #isEarlier(place: number, at: number, serial: number): boolean {
    const time = this.#times[place]!;
    return time < at || (time === at && this.#serials[place]! < serial);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#serials[from]!, this.#items[from]!);
  }

  #put(place: number, at: number, serial: number, item: T): void {
    this.#times[place] = at;
    this.#serials[place] = serial;
    this.#items[place] = item;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
    const serials = new Float64Array(times.length);
    serials.set(this.#serials);
    this.#serials = serials;
  }
}
