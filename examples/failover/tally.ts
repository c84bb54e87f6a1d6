/** What the demo is judged by. */
export class Tally {
  requests = 0;
  failures: string[] = [];
  lostLogins = 0;
  lostUpdates = 0;
  updates = 0;
  /** Requests by instance. */
  readonly served = new Map<string, number>();
  /** The instance that served each user last. */
  readonly servedBy = new Map<string, string>();
  /** How often each user's session moved to another instance. */
  readonly moves: number[] = [];
}
