/**
 * Requests to attack a proxy with: most of each is right, so that it gets far, and a little of it is what parsers are known to disagree
 * about (RFC 9112 sections 3, 5, 6, 7 and 11).
 */
import fc from 'fast-check';
import * as nasty from './nasty.ts';
import { mutated, pick, rarely, weighted } from './spoiling.ts';

/** What a client does. */
export interface RequestCase {
  readonly bytes: string;
  /** Where the packets end, modulo the length. */
  readonly cuts: readonly number[];
  /** `patient` waits for all answers, `half-closes` sends its FIN behind the last byte, `leaves` resets instead. */
  readonly ending: 'patient' | 'half-closes' | 'leaves';
}

const bodyText = weighted([20, pick(nasty.BODIES)], [1, fc.constant(nasty.LONG_BODY)]);
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

const field = weighted([9, pick(nasty.FIELDS)], [6, pick(nasty.HOP_FIELDS)], [1, pick(nasty.NO_FIELDS)]);

const message = fc
  .record({
    method: weighted([16, pick(nasty.METHODS)], [1, pick(nasty.ODD_METHODS)]),
    target: rarely(6, '/path?query', nasty.ODD_TARGETS),
    version: rarely(30, 'HTTP/1.1', nasty.ODD_VERSIONS),
    host: rarely(30, 'Host: a.example', nasty.ODD_HOSTS),
    framing: weighted([4, pick(nasty.FRAMINGS)], [1, pick(nasty.ODD_FRAMINGS)]),
    fields: fc.array(field, { maxLength: 2 }),
    isOtherBody: weighted([20, fc.constant(false)], [1, fc.constant(true)]),
    text: bodyText,
    chunks,
    lineEnd,
    headEnd: lineEnd,
    isFramedFirst: fc.boolean(),
  })
  .map((part) => {
    // Now and then the other kind of body, as a parser that believes the other field would expect it.
    const isChunked = /chunked/i.test(part.framing) !== part.isOtherBody;
    const body = part.framing === '' && !part.isOtherBody ? '' : isChunked ? part.chunks : part.text;
    const framing = part.framing.replaceAll('{n}', String(body.length));
    const fields = part.isFramedFirst ? [framing, ...part.fields] : [...part.fields, framing];
    const lines = [`${part.method} ${part.target} ${part.version}`, part.host, ...fields].filter((line) => line !== '');
    return lines.join('\r\n') + part.lineEnd + part.headEnd + body;
  });

const plainGet = pick([nasty.SMUGGLED, 'GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n']);
const messages = fc.array(weighted([4, message], [1, plainGet]), { minLength: 1, maxLength: 3 });

export const requestCase: fc.Arbitrary<RequestCase> = fc.record({
  bytes: mutated(messages.map((parts) => parts.join(''))),
  cuts: weighted([2, fc.constant<number[]>([])], [1, fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 3 })]),
  ending: weighted([12, fc.constant('patient')], [1, fc.constantFrom('half-closes', 'leaves')]),
});
