/**
 * What endpoints may say instead of a response: most of each is right, a little of it is what clients are known to disagree about (RFC 9112
 * sections 4, 6, 7, 9 and 11.1).
 */
import fc from 'fast-check';
import * as nasty from './nasty.ts';
import * as says from './nasty-responses.ts';
import { mutated, pick, rarely, weighted } from './spoiling.ts';

/** A request, and what its endpoint does about it. */
export interface ResponseCase {
  readonly method: string;
  /** The client's. */
  readonly version: string;
  readonly bytes: string;
  /** Where the packets end, modulo the length. */
  readonly cuts: readonly number[];
  /** What the endpoint does behind its last byte; one that `keeps` the connection ends it once nothing else will happen. */
  readonly ending: 'keeps' | 'ends' | 'resets';
  /** What it says on the connection once the client has its answer. */
  readonly late: string;
}

const bodyText = weighted([20, pick([...nasty.BODIES, says.POISON])], [1, fc.constant(nasty.LONG_BODY)]);
const lineEnd = rarely(120, '\r\n', nasty.ODD_LINE_ENDS);
const chunkSize = rarely(20, '{h}', nasty.ODD_CHUNK_SIZES);
const chunkEnd = rarely(40, '\r\n', ['\n', '\r', '', '\r\n\r\n', 'x\r\n']);
const lastChunk = rarely(8, '0\r\n\r\n', nasty.ODD_LAST_CHUNKS);

const chunks = fc
  .tuple(fc.array(fc.tuple(chunkSize, lineEnd, bodyText, chunkEnd), { maxLength: 3 }), lastChunk)
  .map(([pieces, last]) => {
    const whole = pieces.filter(([, , text]) => text !== '');
    return (
      whole.map(([size, ...rest]) => size.replace('{h}', rest[1].length.toString(16)) + rest.join('')).join('') + last
    );
  });

const field = weighted([4, pick(says.RESPONSE_FIELDS)], [1, pick(says.ODD_RESPONSE_FIELDS)]);
const surplus = weighted([8, fc.constant('')], [1, pick([says.POISON, 'x', '\r\n', '\0', '0\r\n\r\n'])]);

const response = fc
  .record({
    interims: weighted(
      [8, fc.constant<string[]>([])],
      [1, fc.array(pick(says.INTERIMS), { minLength: 1, maxLength: 2 })],
    ),
    start: weighted([8, pick(says.STATUS_LINES)], [1, pick(says.ODD_STATUS_LINES)]),
    framing: weighted([6, pick(nasty.FRAMINGS)], [1, pick(nasty.ODD_FRAMINGS)]),
    fields: fc.array(field, { maxLength: 2 }),
    isOtherBody: weighted([20, fc.constant(false)], [1, fc.constant(true)]),
    text: bodyText,
    chunks,
    lineEnd,
    headEnd: lineEnd,
    isFramedFirst: fc.boolean(),
    surplus,
  })
  .map((part) => {
    const isChunked = /chunked/i.test(part.framing) !== part.isOtherBody;
    const body = isChunked ? part.chunks : part.text;
    const framing = part.framing.replaceAll('{n}', String(body.length));
    const fields = part.isFramedFirst ? [framing, ...part.fields] : [...part.fields, framing];
    const head = [part.start, ...fields.filter((line) => line !== '')].join('\r\n') + part.lineEnd + part.headEnd;
    const isBodiless = /^HTTP\/1\.1 (204|304)/.test(part.start) && !part.isOtherBody;
    return part.interims.join('') + head + (isBodiless ? '' : body) + part.surplus;
  });

export const responseCase: fc.Arbitrary<ResponseCase> = fc.record({
  method: fc.constantFrom('POST', 'POST', 'GET', 'HEAD'),
  version: rarely(8, 'HTTP/1.1', ['HTTP/1.0']),
  bytes: mutated(response),
  cuts: weighted([2, fc.constant<number[]>([])], [1, fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 3 })]),
  ending: weighted([3, fc.constant('keeps')], [2, fc.constantFrom('ends', 'resets')]),
  late: weighted(
    [4, fc.constant('')],
    [1, pick([says.POISON, 'x', '\r\n', 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'])],
  ),
});
