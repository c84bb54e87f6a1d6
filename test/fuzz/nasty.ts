/**
 * What parsers of HTTP are known to disagree about, as text to be put together: `{n}` stands for a body's length, `{h}` for a chunk's in
 * hexadecimal digits.
 */

/** What no endpoint may ever see as a request, unless a client has sent it as one. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';

export const METHODS: readonly string[] = ['POST', 'GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PROPFIND', 'QUERY'];
export const ODD_METHODS: readonly string[] = ['CONNECT', 'TRACE', 'get', 'G\0T', 'G T', '', 'PRI'];

export const ODD_TARGETS: readonly string[] = [
  '*',
  '/a//b/%2e%2e/c?x=/../',
  '/smuggled',
  'http://a.example/abs',
  'http://A.EXAMPLE:80?q',
  'http://evil.example/',
  'http://a.example@evil.example/',
  'https://a.example/',
  'a.example:80',
  '//evil.example/',
  '/\\evil',
  '/a b',
  '/a\tb',
  '/\xff\xe9',
  '/%00%0d%0a',
  '/#frag',
  '/\0',
  '',
  'a',
  `/${'x'.repeat(9_000)}`,
];

export const ODD_VERSIONS: readonly string[] = [
  ...[
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/2.0',
    'HTTP/11',
    'http/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1\t',
    'HTTP/1.01',
    '',
  ],
];

export const ODD_HOSTS: readonly string[] = [
  ...[
    '',
    'Host: a.example\r\nHost: b.example',
    'Host: a b',
    'Host:',
    'Host: [::1]:80',
    'Host : a.example',
    'Host: a,b',
  ],
];

export const FRAMINGS: readonly string[] = ['Content-Length: {n}', 'Transfer-Encoding: chunked', ''];
export const ODD_FRAMINGS: readonly string[] = [
  'Content-Length: {n}\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: {n}',
  'Transfer-Encoding: chunked\r\nContent-Length: 0',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: CHUNKED ',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: chunked\t',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding:\x0cchunked',
  'Transfer-Encoding: \x00chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  ' Transfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding\x00: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding\r\n : chunked',
  'Content-Length: {n}\r\nContent-Length: {n}',
  'Content-Length: {n}\r\nContent-Length: 0',
  'Content-Length: 0\r\nContent-Length: {n}',
  'Content-Length: {n}, {n}',
  'Content-Length: +{n}',
  'Content-Length: -{n}',
  'Content-Length: 0x{n}',
  'Content-Length: 00{n}',
  'Content-Length: {n} ',
  'Content-Length:\t{n}',
  'Content-Length: {n} 0',
  'Content-Length: {n}.0',
  'Content-Length: {n}e0',
  'Content-Length: {n}_0',
  'Content-Length: 99999999999999999999999',
  'Content-Length: 18446744073709551616',
  'Content-Length: 4294967296',
  'Content-Length: \xb2',
  'Content-Length:',
  'Content-Length : {n}',
  'Content_Length: {n}',
  'X: y\nContent-Length: {n}',
  'Content-Length: 0\r\n {n}',
  'Content-Length: 5',
];

export const FIELDS: readonly string[] = [
  ...[
    'Connection: close',
    'Connection: keep-alive',
    'Accept: */*',
    'X-Empty:',
    'X: \xff\x80',
    'Cookie: a=b',
    'Via: 1.1 x',
  ],
];

/** Of the connection, or about who the client is. */
export const HOP_FIELDS: readonly string[] = [
  'Connection: close, Content-Length, Host, Cookie, X-Forwarded-For, Via, Forwarded',
  'Connection: Transfer-Encoding',
  'Connection: X-Secret, keep-alive\r\nX-Secret: 1',
  'Connection: \x0b, "x", ,',
  'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x',
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'TE: trailers, chunked',
  'Trailer: X-Trailer',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy-Authorization: x',
  'X-Forwarded-For: 6.6.6.6',
  'X_Forwarded_For: 6.6.6.6',
  'Forwarded: for=6.6.6.6',
  'Cookie: JSESSIONID=a.b; x=y',
  'Cookie: a=b\r\nCookie: JSESSIONID=.',
];

/** Lines that are no fields, and what is too large. */
export const NO_FIELDS: readonly string[] = [
  'X: a\0b',
  'X: a\rb',
  'X: a\nb',
  'X: a\r\n b',
  'X: a\r\n\tGET /smuggled HTTP/1.1',
  ': empty',
  'no colon',
  'sp ace: x',
  ' leading: x',
  'x\x7f: y',
  '\xff: y',
  '__proto__: x',
  'content-length',
  `X: ${'y'.repeat(20_000)}`,
  Array.from({ length: 120 }, (_, i) => `X-${i}: y`).join('\r\n'),
];

export const BODIES: readonly string[] = [
  '',
  'x',
  'hello',
  SMUGGLED,
  '0\r\n\r\n',
  `0\r\n\r\n${SMUGGLED}`,
  'z'.repeat(5_000),
];
/** More than is held back for another try. */
export const LONG_BODY: string = 'z'.repeat(70_000);

export const ODD_CHUNK_SIZES: readonly string[] = [
  '{h};ext=1',
  '{h} ;a="\r"',
  '{h};a\n',
  '00{h}',
  '0x{h}',
  '+{h}',
  '-{h}',
  ' {h}',
  '{h} ',
  '{h}\t',
  '{h}_0',
  '{h}\r',
  '{h}\0',
  '00000000000000000{h}',
  '10000000000000000{h}',
  'FFFFFFFFFFFFFFFF',
  '{h}g',
  '',
  '{h};x="GET /smuggled HTTP/1.1"',
  '{h},0',
];

export const ODD_LAST_CHUNKS: readonly string[] = [
  '0\r\nX-Trailer: y\r\n\r\n',
  '0\r\nContent-Length: 5\r\n\r\n',
  '0\r\nTransfer-Encoding: chunked\r\nHost: evil.example\r\n\r\n',
  '0\r\nX: \0\r\n\r\n',
  '0\r\nX : y\r\n\r\n',
  '0\r\n X: y\r\n\r\n',
  '0\r\n',
  '0\n\n',
  '00\r\n\r\n',
  '0;a=b\r\n\r\n',
  '0\r\n\r',
  '0\r\n\n',
  '',
];

export const ODD_LINE_ENDS: readonly string[] = ['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '\0\r\n'];

/** Single bytes and words to spoil others with. */
export const SPOILERS: readonly string[] = [
  ...[
    '\0',
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '0',
    '\x0b',
    '\x7f',
    '\xff',
    '\x80',
    'GET / HTTP/1.1\r\n\r\n',
  ],
];
