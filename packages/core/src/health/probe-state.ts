/**
 * What a row of probe results makes of an endpoint: `fall` failed probes in a row make it unfit, `rise` passed ones make it well
 * again. A pure counter; when to probe is somebody else's business.
 */
export class ProbeState {
  readonly #rise: number;
  readonly #fall: number;
  #isWell = true;
  /** Results in a row that contradict the state. */
  #against = 0;

  /** An endpoint counts as well until probes say otherwise: at start there is nothing better to send to. */
  constructor(rise: number, fall: number) {
    this.#rise = rise;
    this.#fall = fall;
  }

  get isWell(): boolean {
    return this.#isWell;
  }

  /** True if the last result contradicts the state: the time to probe faster. */
  get isInDoubt(): boolean {
    return this.#against > 0;
  }

  /** Takes a result in. True if it changed the state. */
  observe(isPassed: boolean): boolean {
    if (isPassed === this.#isWell) {
      this.#against = 0;
      return false;
    }
    this.#against++;
    if (this.#against < (this.#isWell ? this.#fall : this.#rise)) return false;
    this.#isWell = isPassed;
    this.#against = 0;
    return true;
  }
}
