/**
 * TLS towards endpoints. Certificates are verified unless the user says otherwise, in so many words.
 */
import type { ConnectionOptions } from 'node:tls';

/** A part of `tls.connect()`'s options, with its defaults: the system's trust, the endpoint's host name as SNI, verification on. */
export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized' | 'minVersion' | 'ciphers'
>;
