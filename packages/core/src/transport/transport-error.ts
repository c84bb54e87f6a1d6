/** What can go wrong on the wire, as far as it matters to anybody. */
export type TransportFault =
  /** No connection in time; nothing was sent. */
  | 'connect-timeout'
  /** No connection; nothing was sent. */
  | 'connect-failed'
  /** The request is on its way, and no response head came in time. */
  | 'head-timeout'
  /** No more of the response body came in time. */
  | 'body-timeout'
  /** What came is no response that may be passed on. */
  | 'bad-response'
  /** The connection broke, or ended before the response was whole. */
  | 'reset'
  /** The endpoint promises that it has done nothing with the request (RFC 9113 section 8.7), so that any method may be sent again. */
  | 'unprocessed'
  /** The request itself cannot be sent: it is not what it announced, or not allowed on the wire. */
  | 'bad-request';

/** How our own transports say what went wrong. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly fault: TransportFault;

  constructor(fault: TransportFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fault = fault;
  }
}
