/**
 * Bodies without their content codings (RFC 9110 section 8.4), and what may be asked for so that they can be read.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { BalancerError } from '@evenkeel/core';
import { setField } from './head.ts';

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflate: Decoder = promisify(zlib.inflate);
const inflateRaw: Decoder = promisify(zlib.inflateRaw);
const gunzip: Decoder = promisify(zlib.gunzip);

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // Some servers leave the zlib wrapper out. Its first byte has the method, 8, in the lower half.
  ['deflate', (body, options) => (((body[0] ?? 0) & 15) === 8 ? inflate : inflateRaw)(body, options)],
  ['br', promisify(zlib.brotliDecompress)],
  // Node 22.15 and later.
  ...(typeof zlib.zstdDecompress === 'function' ? [['zstd', promisify(zlib.zstdDecompress)] as const] : []),
]);

/** More codings on top of each other than that are somebody's joke. */
const MAX_CODINGS = 3;

/**
 * @param codings values of `Content-Encoding`
 * @param maxBytes of the result, and of what is between two codings: small bombs become large
 * @throws BAD_RESPONSE
 */
export async function decoded(body: Buffer, codings: readonly string[], maxBytes: number): Promise<Buffer> {
  const names = codings.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase());
  const applied = names.filter((name) => name !== '' && name !== 'identity').toReversed();
  if (applied.length > MAX_CODINGS)
    throw new BalancerError('BAD_RESPONSE', 'the response has too many content codings');
  let plain = body;
  for (const name of applied) {
    const decode = DECODERS.get(name);
    if (decode === undefined) throw new BalancerError('BAD_RESPONSE', 'the response has an unknown content coding');
    try {
      plain = plain.length === 0 ? plain : await decode(plain, { maxOutputLength: maxBytes });
    } catch (error) {
      throw new BalancerError('BAD_RESPONSE', 'the response cannot be decoded, or is too large', { cause: error });
    }
  }
  return plain;
}

/** Leaves in `Accept-Encoding` what can be decoded here; `identity` if that is nothing. A request without the field keeps none. */
export function narrowAcceptEncoding(fields: string[]): void {
  const given = valuesOf(fields, 'accept-encoding');
  if (given.length === 0) return;
  const kept = given
    .flatMap((value) => value.split(','))
    .map((coding) => coding.trim())
    .filter((coding) => {
      const name = coding.split(';', 1)[0]!.trim().toLowerCase();
      return name === 'identity' || DECODERS.has(name);
    });
  setField(fields, 'Accept-Encoding', [kept.length === 0 ? 'identity' : kept.join(', ')]);
}

/** All values of a field. */
export function valuesOf(fields: readonly string[], lowerCaseName: string): string[] {
  return fields.filter((_value, i) => i % 2 === 1 && fields[i - 1]!.toLowerCase() === lowerCaseName);
}
