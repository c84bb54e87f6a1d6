/**
 * TLS towards endpoints. Certificates are verified unless the user says otherwise, in so many words.
 */
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions, PeerCertificate } from 'node:tls';

/** A part of `tls.connect()`'s options, with its defaults: the system's trust, the endpoint's host name as SNI, verification on. */
export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized' | 'minVersion' | 'ciphers'
>;

/** What to add to the options of a connection, for an endpoint that is known by an address of IPv6: Node 22 finds it in no certificate. */
export function identityOptions(host: string): Pick<ConnectionOptions, 'checkServerIdentity'> {
  return isIPv6(host) ? { checkServerIdentity: checkIdentity } : NOTHING;
}

const NOTHING = {};

function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const isNamed = isIPv6(host) && new X509Certificate(certificate.raw).checkIP(host) !== undefined;
  return isNamed ? undefined : checkServerIdentity(host, certificate);
}
