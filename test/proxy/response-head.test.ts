import assert from 'node:assert/strict';
import http from 'node:http';
import { reasonPhrase, responseHead, writeHead } from '../../packages/proxy/src/response-head.ts';
import type { ResponseHeadFacts } from '../../packages/proxy/src/response-head.ts';

function head(fields: string[], status = 200, facts = factsOf()): string[] {
  return responseHead(
    status,
    fields.map((field) => Buffer.from(field, 'latin1')),
    facts,
  );
}

function factsOf(): ResponseHeadFacts {
  return { responseLength: -1, hasSetCookie: false, hasCacheControl: false, responseTrailer: undefined };
}

describe('responseHead', () => {
  it('keeps order, duplicates, letter case and latin1', () => {
    const fields = ['x-b', '1', 'Set-Cookie', 'a=1', 'X-B', 'caf\xe9', 'set-cookie', 'b=2', 'Content-Length', '4'];
    const facts = factsOf();
    assert.deepEqual(head(fields, 200, facts), fields);
    assert.deepEqual(facts, {
      responseLength: 4,
      hasSetCookie: true,
      hasCacheControl: false,
      responseTrailer: undefined,
    });
  });

  it('drops hop-by-hop fields and what Connection names', () => {
    const names = [
      'Keep-Alive',
      'Proxy-Connection',
      'Proxy-Authenticate',
      'Proxy-Authorization',
      'TE',
      'Trailer',
      'Upgrade',
    ];
    assert.deepEqual(head(names.flatMap((name) => [name, 'x'])), []);
    assert.deepEqual(head(['X-Hop', '1', 'Connection', 'x-hop, close', 'X-End', '2']), ['X-End', '2']);
  });

  it('lets Connection name neither cookies nor the length', () => {
    const fields = ['Set-Cookie', 'a=1', 'Content-Length', '0'];
    assert.deepEqual(head(['Connection', 'set-cookie, content-length', ...fields]), fields);
  });

  it('keeps Content-Length only as the only word on framing', () => {
    assert.deepEqual(head(['Content-Length', '3', 'Transfer-Encoding', 'chunked', 'X', 'y']), ['X', 'y']);
    assert.deepEqual(head(['Content-Length', '0'], 204), []);
    assert.deepEqual(head(['Content-Length', '9'], 304), ['Content-Length', '9']);
  });

  it('refuses what cannot be passed on', () => {
    for (const status of [0, 99, 100, 101, 199, 1000]) assert.throws(() => head([], status), { code: 'BAD_RESPONSE' });
    const bad = [
      ['Transfer-Encoding', 'gzip, chunked'],
      ['Transfer-Encoding', 'identity'],
      ['Transfer-Encoding', 'chunked\t'],
      ['Content-Length', '1', 'Content-Length', '1'],
      ['Content-Length', '-1'],
      ['Content-Length', 'x'],
    ];
    for (const fields of bad) assert.throws(() => head(fields), { code: 'BAD_RESPONSE' }, fields.join());
  });

  it('keeps the reason phrase, unless it could not be written', () => {
    assert.equal(reasonPhrase(200, 'Fine by me'), 'Fine by me');
    assert.equal(reasonPhrase(200, ''), '');
    assert.equal(reasonPhrase(200, 'caf\xc3\xa9'), 'caf\xc3\xa9');
    assert.equal(reasonPhrase(404, 'caf\ufffd'), 'Not Found');
    assert.equal(reasonPhrase(404, 'a\r\nb: c'), 'Not Found');
    assert.equal(reasonPhrase(599, '\ufffd'), '');
  });
});

/** A response that was never given a socket, so that its head stays readable. */
function response(): http.ServerResponse {
  return new http.ServerResponse(new http.IncomingMessage(null as never));
}

function headerOf(res: http.ServerResponse): string[] {
  return String(Reflect.get(res, '_header')).split('\r\n').slice(0, -2);
}

describe('writeHead', () => {
  it('keeps what middleware has set, but where the endpoint says otherwise', () => {
    for (const name of ['X-Powered-By', 'x-powered-by']) {
      const res = response();
      res.setHeader('X-Powered-By', 'Express').setHeader('X-Frame-Options', 'DENY').setHeader('Content-Length', 7);
      writeHead(res, 200, 'OK', [name, 'us', 'Content-Length', '3']);
      const lines = headerOf(res);
      assert.deepEqual(lines.slice(0, 4), [
        'HTTP/1.1 200 OK',
        'X-Frame-Options: DENY',
        `${name}: us`,
        'Content-Length: 3',
      ]);
    }
  });

  it('adds up cookies and Vary', () => {
    const res = response();
    res.setHeader('Set-Cookie', ['s=1', 't=2']).setHeader('Vary', 'Origin');
    writeHead(res, 200, 'OK', ['set-cookie', 'a=1', 'Vary', 'Accept', 'Set-Cookie', 'b=2']);
    const valuesOf = (name: RegExp): string[] =>
      headerOf(res).flatMap((line) => (name.test(line) ? [line.replace(/^.*: /, '')] : []));
    assert.deepEqual(valuesOf(/^set-cookie:/i), ['s=1', 't=2', 'a=1', 'b=2']);
    assert.deepEqual(valuesOf(/^vary:/i), ['Origin', 'Accept']);
  });

  it('keeps duplicates with and without earlier fields', () => {
    for (const earlier of [false, true]) {
      const res = response();
      if (earlier) res.setHeader('X-Own', '1');
      writeHead(res, 200, '', ['X', '1', 'x', '2', 'Warning', 'a', 'Warning', 'b']);
      assert.equal(headerOf(res).filter((line) => /^(x|warning):/i.test(line)).length, 4);
    }
  });

  it('shows its fields to middleware that waits for the head', () => {
    const res = response();
    const { writeHead: original } = res;
    res.writeHead = function patched(this: http.ServerResponse, ...args: unknown[]) {
      assert.equal(this.getHeader('content-type'), 'text/plain');
      this.setHeader('X-Late', '1');
      return Reflect.apply(original, this, args) as http.ServerResponse;
    };
    writeHead(res, 200, 'OK', ['Content-Type', 'text/plain', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
    const lines = ['Content-Type: text/plain', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Late: 1'];
    assert.deepEqual(headerOf(res).slice(1, 5), lines);
  });

  it('leaves nothing behind when a field is not valid', () => {
    const res = response();
    res.setHeader('X-Own', '1');
    assert.throws(() => writeHead(res, 200, 'OK', ['X-Good', '1', 'X-Bad', 'a\nb']));
    assert.deepEqual(res.getHeaderNames(), ['x-own']);
    assert.equal(res.headersSent, false);
  });
});
