import assert from 'node:assert/strict';
import { requestHead } from '../../packages/proxy/src/request-head.ts';
import type { RequestHeadFacts, RequestHeadPolicy } from '../../packages/proxy/src/request-head.ts';

const POLICY: RequestHeadPolicy = { maxHeadBytes: 16_384, maxHeaderCount: 100, changeOrigin: false, viaName: 'us' };

function factsOf(isTrusted = false, httpVersion = '1.1'): RequestHeadFacts {
  return {
    peer: {
      address: '192.0.2.7',
      isTrusted,
      proto: 'http',
      port: '8080',
      tail: [],
      host: undefined,
      isRefused: false,
      last: undefined,
    },
    httpVersion,
    host: undefined,
    contentLength: -1,
    isChunked: false,
    trailer: undefined,
    cookieAt: -1,
    isSecure: false,
  };
}

const OURS = [
  ...['X-Forwarded-For', '192.0.2.7', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'a.example'],
  ...['X-Forwarded-Port', '8080', 'Forwarded', 'for=192.0.2.7;proto=http;host=a.example', 'Via', '1.1 us'],
];

/** The head for a request to a.example without what the proxy adds. */
function passed(raw: string[], facts = factsOf(), policy = POLICY): string[] {
  const fields = requestHead(['Host', 'a.example', ...raw], policy, facts);
  assert.deepEqual(fields.slice(0, 2), ['Host', 'a.example']);
  assert.deepEqual(fields.slice(-OURS.length), OURS);
  return fields.slice(2, -OURS.length);
}

describe('requestHead', () => {
  it('keeps order, duplicates, letter case and latin1 of end-to-end fields', () => {
    const raw = ['x-B', '1', 'X-a', 'caf\xe9', 'x-b', '2', 'ACCEPT', '*/*', 'X-a', ''];
    assert.deepEqual(passed(raw), raw);
  });

  it('drops every hop-by-hop field in any letter case', () => {
    const names = ['Keep-Alive', 'Proxy-Connection', 'Proxy-Authenticate', 'Proxy-Authorization', 'Trailer', 'Upgrade'];
    for (const name of [...names, 'HTTP2-Settings', 'Expect', 'Connection']) {
      assert.deepEqual(passed([name, 'close', name.toLowerCase(), 'close', name.toUpperCase(), 'close']), [], name);
    }
  });

  it('drops what Connection names, before or after it, and in several lines', () => {
    const raw = [
      'X-One',
      '1',
      'Connection',
      'close, x-one , X-Two',
      'connection',
      'x-three',
      'x-TWO',
      '2',
      'X-Three',
      '3',
    ];
    assert.deepEqual(passed([...raw, 'X-Four', '4']), ['X-Four', '4']);
  });

  it('lets Connection name none of the fields that frame, identify or carry the session', () => {
    const names = 'host, content-length, cookie, forwarded, x-forwarded-for, x-forwarded-proto, via';
    const raw = ['Connection', names, 'Content-Length', '3', 'Cookie', 'a=b'];
    assert.deepEqual(passed(raw), ['Content-Length', '3', 'Cookie', 'a=b']);
  });

  it('says where the first cookie is, also if fields before it go away', () => {
    const facts = factsOf();
    const fields = requestHead(['X', '1', 'Host', 'a.example', 'Cookie', 'a=b', 'Connection', 'x'], POLICY, facts);
    assert.equal(fields[facts.cookieAt], 'a=b');
  });

  it('keeps of TE only trailers', () => {
    assert.deepEqual(passed(['TE', 'gzip;q=0.5, trailers']), ['TE', 'trailers']);
    assert.deepEqual(passed(['te', 'gzip']), []);
  });

  it('replaces forwarding fields of an untrusted peer, those with underscores too', () => {
    const names = ['X-Forwarded-For', 'x-forwarded-proto', 'X-FORWARDED-HOST', 'X-Forwarded-Port', 'Forwarded'];
    for (const name of [...names, 'X_Forwarded_For', 'x-forwarded_for'])
      assert.deepEqual(passed([name, 'evil']), [], name);
  });

  it('continues the forwarding fields of a trusted peer', () => {
    const raw = ['Host', 'a.example', 'X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '2.2.2.2'];
    raw.push('X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'shop.example', 'Forwarded', 'for=1.1.1.1;proto=https');
    const facts = factsOf(true);
    assert.deepEqual(requestHead(raw, POLICY, facts).slice(2), [
      ...['X-Forwarded-For', '1.1.1.1, 2.2.2.2, 192.0.2.7', 'X-Forwarded-Proto', 'https'],
      ...['X-Forwarded-Host', 'shop.example', 'X-Forwarded-Port', '8080'],
      ...['Forwarded', 'for=1.1.1.1;proto=https, for=192.0.2.7;proto=http;host=a.example', 'Via', '1.1 us'],
    ]);
    assert.equal(facts.isSecure, true);
  });

  it('quotes what needs it in Forwarded', () => {
    const facts = { ...factsOf(), peer: { ...factsOf().peer, address: '2001:db8::1' } };
    const fields = requestHead(['Host', 'a.example:8080'], POLICY, facts);
    assert.ok(fields.includes('for="[2001:db8::1]";proto=http;host="a.example:8080"'));
  });

  it('refuses a Host that is no authority', () => {
    for (const host of ['a"b', 'a b', 'a/b', 'a\xe9', 'a,b;c"', 'a\\b']) {
      assert.throws(() => requestHead(['Host', host], POLICY, factsOf()), { code: 'BAD_REQUEST' }, host);
    }
  });

  it('leaves Host out with changeOrigin, and still tells what it was', () => {
    const fields = requestHead(['Host', 'a.example'], { ...POLICY, changeOrigin: true }, factsOf());
    assert.deepEqual(fields, OURS);
  });

  it('passes a request without Host', () => {
    assert.deepEqual(requestHead([], POLICY, factsOf(false, '1.0')), [
      ...['X-Forwarded-For', '192.0.2.7', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Port', '8080'],
      ...['Forwarded', 'for=192.0.2.7;proto=http', 'Via', '1.0 us'],
    ]);
  });

  it('adds to Via and notices itself in it', () => {
    assert.deepEqual(passed(['Via', '1.1 other']), ['Via', '1.1 other']);
    assert.throws(() => passed(['Via', '1.0 fred, 1.1 us']), { code: 'LOOP_DETECTED' });
  });

  it('knows one framing and refuses all others', () => {
    const facts = factsOf();
    assert.deepEqual(passed(['Transfer-Encoding', 'Chunked'], facts), []);
    assert.equal(facts.isChunked, true);
    const refused: [string[], string][] = [
      [['Transfer-Encoding', 'gzip, chunked'], 'NOT_SUPPORTED'],
      [['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], 'NOT_SUPPORTED'],
      [['Content-Length', '1', 'Content-Length', '1'], 'BAD_REQUEST'],
      [['Content-Length', '+1'], 'BAD_REQUEST'],
      [['Content-Length', '0x1'], 'BAD_REQUEST'],
      [['Host', 'b.example'], 'BAD_REQUEST'],
    ];
    for (const [raw, code] of refused) assert.throws(() => passed(raw), { code }, raw.join());
    assert.throws(() => passed(['Transfer-Encoding', 'chunked'], factsOf(false, '1.0')), { code: 'BAD_REQUEST' });
    assert.throws(() => requestHead([], POLICY, factsOf(false, '0.9')), { code: 'BAD_REQUEST' });
  });

  it('refuses more fields or bytes than the limits', () => {
    const many = Array.from({ length: 200 }, (_, i) => `x${i}`);
    assert.throws(() => passed(many), { code: 'HEAD_TOO_LARGE' });
    assert.throws(() => passed(['X', 'y'.repeat(16_384)]), { code: 'HEAD_TOO_LARGE' });
  });
});
