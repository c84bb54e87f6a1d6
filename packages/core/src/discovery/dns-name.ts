/**
 * What the resolvers that ask DNS have in common.
 */
import { v } from '../options.ts';

const NAME = 'a DNS name';
const SERVER = 'an IP address, with a port if need be';

/** The schema of a name to ask for. Labels of services start with `_`. */
export const dnsName: v.GenericSchema<string> = v.pipe(
  v.string(NAME),
  v.maxLength(254, NAME),
  v.regex(/^[\w-]+(\.[\w-]+)*\.?$/, NAME),
);

export const dnsServers: v.GenericSchema<readonly string[]> = v.pipe(
  v.array(
    v.pipe(v.string(SERVER), v.regex(/^(\[[\da-f:.]+\]|\d+(\.\d+){3})(:\d+)?$|^[\da-f:.]+$/i, SERVER)),
    'an array of servers',
  ),
  v.nonEmpty('at least one server'),
);

export const scheme: v.GenericSchema<'http' | 'https'> = v.picklist(['http', 'https'], '"http" or "https"');
export const addressFamily: v.GenericSchema<4 | 6> = v.picklist([4, 6], '4 or 6');

/** @param family decides about the brackets */
export function urlOf(protocol: 'http' | 'https', address: string, family: 4 | 6, port: number): string {
  return `${protocol}://${family === 6 ? `[${address}]` : address}:${port}`;
}
