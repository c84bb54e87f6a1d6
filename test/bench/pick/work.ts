/** What a line of the table is about. */

/** Requests in flight at a time: with none, every choice that goes by load would be the same. */
export const INFLIGHT = 64;

/** One candidate with a number of endpoints, at work. */
export interface Work {
  /** Ends a request and begins another, so many times. */
  run(operations: number): void;
  /** What has to happen now and then and is not to be measured. */
  between?(): void;
}

/** An address of its own for each of up to 65,536 endpoints. */
export function addressOf(index: number): string {
  return `10.0.${index >> 8}.${index & 255}`;
}
