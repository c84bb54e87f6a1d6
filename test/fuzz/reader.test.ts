import assert from 'node:assert/strict';
import { Malformed, readRequest, readResponse } from './reader.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const OK = 'HTTP/1.1 200 OK\r\n';

describe('the strict reader', () => {
  it('reads requests one after the other, and waits for the rest of one', () => {
    const bytes = `${POST}Content-Length: 3\r\n\r\nabc${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n`;
    const first = readRequest(bytes, 0)!;
    const second = readRequest(bytes, first.end)!;
    assert.deepEqual([first.body, second.body, second.trailers], ['abc', 'abc', [['X', 'y']]]);
    assert.equal(second.end, bytes.length);
    for (let length = first.end; length < bytes.length; length++) {
      assert.equal(readRequest(bytes.slice(0, length), first.end), undefined);
    }
  });

  it('refuses every request that another reader could take for a different one', () => {
    const framings = [
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
      'Content-Length: 1\r\nContent-Length: 1',
      'Content-Length: +1',
    ];
    framings.push(
      'Transfer-Encoding: x',
      'Transfer-Encoding : chunked',
      'X: a\nb',
      'X: a\rb',
      'X: \0',
      ' X: y',
      ': x',
      'X',
    );
    for (const framing of framings)
      assert.throws(() => readRequest(`${POST}${framing}\r\n\r\nx`, 0), Malformed, framing);
    for (const start of ['GET  / HTTP/1.1', 'GET / HTTP/2.0', 'GET /', 'GET /a b HTTP/1.1', ' GET / HTTP/1.1']) {
      assert.throws(() => readRequest(`${start}\r\nHost: a\r\n\r\n`, 0), Malformed, start);
    }
    for (const hosts of ['', 'Host: a\r\nHost: b\r\n']) {
      assert.throws(() => readRequest(`GET / HTTP/1.1\r\n${hosts}\r\n`, 0), Malformed);
    }
    for (const chunk of ['0x1\r\nx\r\n', '1;a\r\nx\r\n', '1\r\nxy\r\n', '-1\r\n', '0\r\nHost: b\r\n\r\n']) {
      assert.throws(() => readRequest(`${POST}Transfer-Encoding: chunked\r\n\r\n${chunk}`, 0), Malformed, chunk);
    }
  });

  it('ends a response where its request and its status say so', () => {
    const length = `${OK}Content-Length: 3\r\n\r\n`;
    assert.equal(readResponse(`${length}abc`, 0, 'GET', false)!.body, 'abc');
    assert.equal(readResponse(length, 0, 'HEAD', false)!.body, '');
    assert.equal(readResponse('HTTP/1.1 204 x\r\n\r\nabc', 0, 'GET', false)!.body, '');
    assert.equal(readResponse(`${OK}\r\nabc`, 0, 'GET', false), undefined);
    assert.equal(readResponse(`${OK}\r\nabc`, 0, 'GET', true)!.body, 'abc');
    assert.equal(readResponse('HTTP/1.1 103 x\r\n\r\n', 0, 'GET', false)!.status, 103);
    for (const start of ['HTTP/1.1 099 x', 'HTTP/1.1 1000 x', 'HTTP/2.0 200 OK', 'ICY 200 OK', 'HTTP/1.1 200 a\0']) {
      assert.throws(() => readResponse(`${start}\r\n\r\n`, 0, 'GET', true), Malformed, start);
    }
  });
});
