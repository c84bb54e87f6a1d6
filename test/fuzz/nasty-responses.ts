/**
 * What parsers of HTTP are known to disagree about in responses, as text to be put together; framing and chunks are in nasty.ts.
 */

/** A whole response that nobody has asked for. */
export const POISON = 'HTTP/1.1 200 OK\r\nX-Poison: 1\r\nContent-Length: 6\r\n\r\npoison';

export const STATUS_LINES: readonly string[] = [
  ...[
    'HTTP/1.1 200 OK',
    'HTTP/1.1 404 Not Found',
    'HTTP/1.1 500 x',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304 x',
    'HTTP/1.1 301 x',
  ],
];
export const ODD_STATUS_LINES: readonly string[] = [
  ...[
    'HTTP/1.0 200 OK',
    'HTTP/1.1 200',
    'HTTP/1.1 200 ',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1 200\tOK',
  ],
  ...[
    'HTTP/1.1 099 x',
    'HTTP/1.1 000 x',
    'HTTP/1.1 1000 x',
    'HTTP/1.1 -1 x',
    'HTTP/1.1 20 x',
    'HTTP/1.1 2e2 x',
    'HTTP/1.1 200x',
    'HTTP/1.1 999 x',
  ],
  ...[
    'HTTP/0.9 200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/11 200 OK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    'hello',
    '',
    '\0',
    '<html>',
  ],
  ...[
    'HTTP/1.1 200 a\0b',
    'HTTP/1.1 200 a\rb',
    'HTTP/1.1 200 a\nX-Injected: 1',
    'HTTP/1.1 200 \xff\xe9',
    'HTTP/1.1 200 \x7f',
    'HTTP/1.1 205 x',
  ],
  ...[
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 103 x',
    'HTTP/1.1 199 x',
    `HTTP/1.1 200 ${'x'.repeat(20_000)}`,
  ],
];

export const INTERIMS: readonly string[] = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n',
  'HTTP/1.1 102 Processing\r\n\r\n'.repeat(30),
  'HTTP/1.1 103 x\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 103 x\r\nSet-Cookie: JSESSIONID=x\r\nConnection: close\r\n\r\n',
  'HTTP/1.1 103 x\r\nLink: \0\r\n\r\n',
  'HTTP/1.1 103 x\r\nLink: <\xff>\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n',
  '\r\n',
];

export const RESPONSE_FIELDS: readonly string[] = [
  ...[
    'Content-Type: text/plain',
    'X-Empty:',
    'X: \xff\x80',
    'Set-Cookie: a=b',
    'Connection: close',
    'Connection: keep-alive',
    'Date: x',
  ],
  ...[
    'Keep-Alive: timeout=5, max=1',
    'Keep-Alive: timeout=0',
    'Keep-Alive: timeout=-1',
    'Keep-Alive: timeout=99999999999',
  ],
];
export const ODD_RESPONSE_FIELDS: readonly string[] = [
  'Connection: Content-Length, Set-Cookie, Date',
  'Connection: X-Secret\r\nX-Secret: 1',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Proxy-Authenticate: x',
  'Trailer: X-Trailer',
  'Set-Cookie: JSESSIONID=abc; Path=/',
  'Set-Cookie: JSESSIONID=abc.def',
  'Set-Cookie: JSESSIONID="',
  'Set-Cookie: JSESSIONID=; Max-Age=0',
  'Set-Cookie: JSESSIONID',
  'Set-Cookie: ;=.\r\nSet-Cookie:',
  'Set-Cookie: JSESSIONID=a\rX-Injected: 1',
  'Set-Cookie: JSESSIONID=a\nX-Injected: 1',
  'Set-Cookie: JSESSIONID=a\0b',
  'X: a\rX-Injected: 1',
  'X: a\nX-Injected: 1',
  'X: a\0',
  'X: a\x7f',
  'X: a\r\n b',
  'X: a\r\n X-Injected: 1',
  'X : y',
  ' X: y',
  'X\0: y',
  'X',
  ': x',
  '\xff: x',
  'X(: x',
  '__proto__: x',
  'endpoint-load-metrics: TEXT eps=1',
  'Retry-After: -1',
  `X: ${'y'.repeat(20_000)}`,
  Array.from({ length: 150 }, (_, i) => `X-${i}: y`).join('\r\n'),
  Array.from({ length: 2_100 }, () => 'X: y').join('\r\n'),
];
