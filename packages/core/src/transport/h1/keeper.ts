import type { TransportError } from '../transport-error.ts';
import type { Destination } from './dial.ts';

/** What a connection asks and tells those who keep it. */
export interface Keeper<Connection> {
  readonly destination: Destination;
  readonly preamble: Buffer | undefined;
  /** It is to carry a request that may change protocols, and no other. */
  readonly isForUpgrade: boolean;
  onReady(connection: Connection): void;
  /** It may carry another request, if its keeper wants that, once it has cooled down. */
  onFree(connection: Connection): void;
  /** @param error why nobody could be reached, if it is that */
  onClosed(connection: Connection, error: TransportError | undefined): void;
  /** Its socket is not ours any more, or gone. */
  onGone(): void;
}
