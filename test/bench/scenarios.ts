/**
 * What is asked of every candidate.
 */

/** One kind of request. */
export interface Scenario {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Of the request body. */
  readonly sentBytes: number;
  /** Of the response body. */
  readonly receivedBytes: number;
  /** Left out unless it is named. */
  readonly isOptional: boolean;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'get-128', method: 'GET', sentBytes: 0, receivedBytes: 128, isOptional: false },
  { name: 'get-16k', method: 'GET', sentBytes: 0, receivedBytes: 16_384, isOptional: false },
  { name: 'post-16k', method: 'POST', sentBytes: 16_384, receivedBytes: 128, isOptional: false },
  { name: 'get-1m', method: 'GET', sentBytes: 0, receivedBytes: 1_048_576, isOptional: true },
];

/** The fields are those of a browser, cookies included: a proxy has to read them all. */
export function requestBytes({ method, sentBytes, receivedBytes }: Scenario, port: number, cookie: string): Buffer {
  const head = [
    `${method} /bytes/${receivedBytes}?page=2 HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: keep-alive',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'Accept-Language: en-US,en;q=0.5',
    'Accept-Encoding: gzip, deflate, br, zstd',
    `Cookie: theme=dark; lang=en${cookie}`,
    ...(sentBytes > 0 ? ['Content-Type: application/octet-stream', `Content-Length: ${sentBytes}`] : []),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.alloc(sentBytes, 'x')]);
}
