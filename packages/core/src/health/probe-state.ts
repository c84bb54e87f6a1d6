/**
 * What a row of probe results makes of an endpoint: `fall` failed probes in a row make it unfit, `rise` passed ones make it well
 * again, and whoever answers may say more than that. Pure; when to probe is somebody else's business.
 */
import type { ProbeVerdict } from './probe.ts';

/** The most that an answer can make of a configured weight. */
const MAX_WEIGHT_RATIO = 10;

export class ProbeState {
  readonly #rise: number;
  readonly #fall: number;
  #isWell = true;
  #isDraining = false;
  #weightRatio: number | undefined;
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

  /** What was last said about draining. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** What was last said about the weight, 0..10; undefined if nothing ever was. */
  get weightRatio(): number | undefined {
    return this.#weightRatio;
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

  /** Takes in what was said with a probe that passed. What is left out, or makes no sense, stays as it was. */
  take({ isDown, isDraining, weightRatio }: ProbeVerdict): void {
    if (typeof isDown === 'boolean') {
      this.#isWell = !isDown;
      this.#against = 0;
    } else {
      this.observe(true);
    }
    if (typeof isDraining === 'boolean') this.#isDraining = isDraining;
    if (typeof weightRatio === 'number' && weightRatio >= 0)
      this.#weightRatio = Math.min(MAX_WEIGHT_RATIO, weightRatio);
  }
}

/** What several probes make of the weight together: the product of what they said; undefined if none said anything. */
export function weightRatioOf(states: readonly ProbeState[]): number | undefined {
  let product: number | undefined;
  for (const { weightRatio } of states) {
    if (weightRatio !== undefined) product = Math.min(MAX_WEIGHT_RATIO, (product ?? 1) * weightRatio);
  }
  return product;
}
