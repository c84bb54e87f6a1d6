import assert from 'node:assert/strict';
import { headOfRequest, headOfResponse, setField } from '../../../packages/proxy/src/hooks/head.ts';

describe('a head in a hook', () => {
  it('finds fields in any letter case, and leaves all others as they are', () => {
    const fields = ['Accept', 'a', 'X-One', '1', 'accept', 'b', 'x-two', '2'];
    const head = headOfRequest(fields, 'GET', '/p');
    assert.deepEqual([head.method, head.path], ['GET', '/p']);
    assert.equal(head.get('ACCEPT'), 'a');
    assert.deepEqual(head.getAll('accept'), ['a', 'b']);
    assert.equal(head.has('x-none'), false);
    head.set('x-one', ['3', '4']);
    head.set('X-New', 'n');
    head.append('x-two', '5');
    head.delete('accept');
    assert.deepEqual(head.entries(), [
      ['x-one', '3'],
      ['x-one', '4'],
      ['x-two', '2'],
      ['X-New', 'n'],
      ['x-two', '5'],
    ]);
    assert.equal(fields.length, 10);
  });

  it('cannot be split, framed or given a second host', () => {
    const head = headOfRequest(['Host', 'a.example', 'Content-Length', '3'], 'POST', '/');
    const cases: (() => void)[] = [
      () => head.set('x', 'a\r\nb: c'),
      () => head.set('x', 'a\nb'),
      () => head.set('x', '\u0100'),
      () => head.set('x y', 'z'),
      () => head.set('x:', 'z'),
      () => head.set('', 'z'),
      () => head.append('x', 'a\0'),
      () => head.set('x', 1 as never),
      () => head.append('Host', 'b.example'),
      () => head.set('host', ['a', 'b']),
      () => head.set('host', 'a/b'),
      () => head.set('host', ''),
    ];
    const framing = [
      'Connection',
      'content-length',
      'Transfer-Encoding',
      'keep-alive',
      'TE',
      'trailer',
      'Upgrade',
      'expect',
    ];
    for (const name of framing)
      cases.push(
        () => head.set(name, 'x'),
        () => head.append(name, 'x'),
        () => head.delete(name),
      );
    for (const run of cases) assert.throws(run, { code: 'INVALID_OPTIONS' });
    assert.deepEqual(head.entries(), [
      ['Host', 'a.example'],
      ['Content-Length', '3'],
    ]);
    head.set('host', 'b.example:80');
    assert.equal(head.get('Host'), 'b.example:80');
  });

  it('has a status that keeps the body or its absence', () => {
    const head = headOfResponse([], 200, 'Fine');
    head.status = 404;
    assert.deepEqual([head.status, head.reason], [404, 'Not Found']);
    head.reason = 'Gone fishing';
    assert.equal(head.reason, 'Gone fishing');
    for (const status of [204, 304, 199, 600, 1.5, '200' as never]) {
      assert.throws(() => (head.status = status), { code: 'INVALID_OPTIONS' });
    }
    assert.throws(() => (head.reason = 'a\r\nb'), { code: 'INVALID_OPTIONS' });
    assert.throws(() => (headOfResponse([], 304, '').status = 200), { code: 'INVALID_OPTIONS' });
  });

  it('takes no changes when it has gone', () => {
    const head = headOfResponse(['X', '1'], 200, '');
    head.seal();
    for (const run of [
      () => head.set('X', '2'),
      () => head.delete('X'),
      () => (head.status = 500),
      () => (head.reason = ''),
    ]) {
      assert.throws(run, /has been sent/);
    }
    assert.equal(head.get('X'), '1');
  });

  it('sets a field where its first line stood', () => {
    const fields = ['A', '1', 'B', '2', 'a', '3', 'C', '4'];
    setField(fields, 'A', ['5']);
    assert.deepEqual(fields, ['A', '5', 'B', '2', 'C', '4']);
  });
});
