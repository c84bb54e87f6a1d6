/**
 * Responses made up by fast-check: mostly sound in their parts, put together at random, and then bent in a few places.
 */
import fc from 'fast-check';

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const octets = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)),
    minLength: min,
    maxLength: max,
  });

const statusLine = fc.oneof(
  {
    weight: 8,
    arbitrary: pick('HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 500 ', 'HTTP/1.1 302'),
  },
  {
    weight: 2,
    arbitrary: pick('HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.0 200 OK', 'HTTP/1.1 299 caf\xe9'),
  },
  {
    weight: 1,
    arbitrary: pick(
      'HTTP/1.2 200 OK',
      'HTTP/2.0 200 OK',
      'HTTP/1.1 20 OK',
      'HTTP/1.1  200 OK',
      'HTTP/1.1 2000 OK',
      'ICY 200 OK',
      'HTTP/1.1 101 Up',
    ),
  },
);

const plainField = fc
  .tuple(
    pick('X', 'Date', 'ETag', 'Set-Cookie', 'X-Y', 'Server', 'content-type', 'Keep-Alive', 'Vary', '0', '!#$'),
    fc.oneof(pick('', 'a', 'timeout=5', ' padded ', '\ttab\t', 'a  b', '\xe9'), octets(0, 6)),
  )
  .map(([name, value]) => `${name}: ${value}`);

const framingField = pick(
  'Content-Length: 5', 'content-length:5', 'Content-Length: 0', 'Content-Length: 12', 'CONTENT-LENGTH: 005', 'Content-Length: 5, 5', 'Content-Length: +5',
  'Content-Length: ', 'Content-Length: 5 5', 'Content-Length: 0x5', 'Content-Length : 5', 'Content-Length:\x0b5', 'Content_Length: 5',
  'Transfer-Encoding: chunked', 'transfer-encoding:chunked', 'Transfer-Encoding: Chunked ', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: identity', 'Transfer-Encoding:\x0bchunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding: xchunked', 'Transfer-Encoding: "chunked"',
  'Connection: close', 'Connection: keep-alive', 'connection: x, close', 'Connection: upgrade', 'Upgrade: x', 'Trailer: X',
); // prettier-ignore

const lineEnd = fc.oneof(
  { weight: 60, arbitrary: pick('\r\n') },
  { weight: 1, arbitrary: pick('\n', '\r', '\r\r\n', '\r\n ', '\0\r\n', '') },
);

const chunk = fc
  .tuple(
    octets(0, 20),
    fc.oneof(
      { weight: 8, arbitrary: pick('') },
      { weight: 1, arbitrary: pick(';a', ';a=b', ';a="b;c"', ';', ' ', ';a=', ';a="', ' ;a', ';a\t', '\t') },
    ),
    lineEnd,
    lineEnd,
    pick(0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
  )
  .map(
    ([data, extension, first, second, lie]) =>
      `${Math.max(0, data.length + lie).toString(16)}${extension}${first}${data}${second}`,
  );

const chunkedBody = fc
  .tuple(
    fc.array(chunk, { maxLength: 4 }),
    pick('0\r\n\r\n', '0\r\n\r\n', '0\r\nX: 1\r\n\r\n', '000\r\n\r\n', '0\r\nX : 1\r\n\r\n', '0\n\r\n', '0\r\n\n', ''),
  )
  .map(([chunks, end]) => chunks.join('') + end);

const body = fc.oneof(
  { weight: 3, arbitrary: octets(0, 14) },
  { weight: 2, arbitrary: pick('hello', 'hello, you!') },
  { weight: 4, arbitrary: chunkedBody },
);

const head = fc
  .tuple(
    statusLine,
    fc.array(fc.oneof({ weight: 2, arbitrary: plainField }, { weight: 2, arbitrary: framingField }), { maxLength: 4 }),
    fc.array(lineEnd, { minLength: 6, maxLength: 6 }),
  )
  .map(([first, fields, ends]) => [first, ...fields].map((line, i) => line + ends[i]!).join('') + ends[5]!);

const interim = fc.oneof(
  { weight: 6, arbitrary: pick('') },
  { weight: 1, arbitrary: pick('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n') },
);

/** Takes an octet out, puts one in, or writes one over another. */
const bend = fc.tuple(
  fc.nat(),
  pick('\r', '\n', '\t', ' ', ':', ';', ',', '0', 'a', '\0', '\x7f', '\x80'),
  pick(0, 1),
  pick(0, 1),
);

function bent(message: string, bends: readonly (readonly [number, string, number, number])[]): string {
  return bends.reduce((text, [where, octet, isIn, isOut]) => {
    const at = where % (text.length + 1);
    return text.slice(0, at) + (isIn === 1 ? octet : '') + text.slice(at + isOut);
  }, message);
}

/** One response, or what is nearly one, as latin1. */
export const message: fc.Arbitrary<string> = fc
  .tuple(
    interim,
    head,
    body,
    fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(bend, { maxLength: 2 }) }),
  )
  .map(([first, second, third, bends]) => bent(first + second + third, bends));
