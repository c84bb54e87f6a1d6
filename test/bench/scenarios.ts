/**
 * What is asked of every candidate that can do it.
 */

/** What clients speak to the candidate; endpoints are always spoken to in HTTP/1.1, of which WebSocket is an upgrade. */
export type Protocol = 'http/1.1' | 'websocket' | 'http/2';

/** One kind of request, or of message. */
export interface Scenario {
  readonly name: string;
  readonly protocol: Protocol;
  readonly method: 'GET' | 'POST';
  /** Of the request body, or of the message. */
  readonly sentBytes: number;
  /** Of the response body, or of the message that comes back. */
  readonly receivedBytes: number;
}

const MIB = 1_048_576;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'get-128', protocol: 'http/1.1', method: 'GET', sentBytes: 0, receivedBytes: 128 },
  { name: 'get-16k', protocol: 'http/1.1', method: 'GET', sentBytes: 0, receivedBytes: 16_384 },
  { name: 'get-1m', protocol: 'http/1.1', method: 'GET', sentBytes: 0, receivedBytes: MIB },
  { name: 'post-16k', protocol: 'http/1.1', method: 'POST', sentBytes: 16_384, receivedBytes: 128 },
  { name: 'post-1m', protocol: 'http/1.1', method: 'POST', sentBytes: MIB, receivedBytes: 128 },
  { name: 'ws-128', protocol: 'websocket', method: 'GET', sentBytes: 128, receivedBytes: 128 },
  { name: 'h2-128', protocol: 'http/2', method: 'GET', sentBytes: 0, receivedBytes: 128 },
];

/** Endpoints check what they get, and answer with as many bytes as they are asked for. */
export function pathOf({ sentBytes, receivedBytes }: Scenario): string {
  return `/bytes/${receivedBytes}?sent=${sentBytes}`;
}

/** The fields are those of a browser, cookies included: a proxy has to read them all. In lower case, for HTTP/2. */
export const FIELDS: Readonly<Record<string, string>> = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en-US,en;q=0.5',
  'accept-encoding': 'gzip, deflate, br, zstd',
};

const COOKIE = 'theme=dark; lang=en';

/** @param cookie what the candidate has set, with `; ` before it */
export function requestBytes(scenario: Scenario, port: number, cookie: string): Buffer {
  const { method, sentBytes } = scenario;
  const body = sentBytes > 0 ? [`Content-Type: application/octet-stream`, `Content-Length: ${sentBytes}`] : [];
  const head = headOf(`${method} ${pathOf(scenario)}`, port, ['Connection: keep-alive', ...body], cookie);
  return Buffer.concat([head, Buffer.alloc(sentBytes, 'x')]);
}

/** The handshake of RFC 6455; `key` is 16 bytes in base64. */
export function upgradeBytes(port: number, key: string): Buffer {
  const fields = [
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
  ];
  return headOf('GET /echo', port, fields, '');
}

/** For `http2.ClientHttp2Session.request()`. */
export function http2Fields(scenario: Scenario): Record<string, string> {
  return { ':method': scenario.method, ':path': pathOf(scenario), ...FIELDS, cookie: COOKIE };
}

function headOf(line: string, port: number, fields: readonly string[], cookie: string): Buffer {
  const lines = [
    `${line} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    ...Object.entries(FIELDS).map(([name, value]) => `${titled(name)}: ${value}`),
    `Cookie: ${COOKIE}${cookie}`,
    ...fields,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function titled(name: string): string {
  return name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
